"""Metrics on the internal ports, summed over processes, and never on the public port."""

from __future__ import annotations

import os
import signal
from uuid import uuid4

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from app.config import Settings
from tests.operations.processes import children_of
from tests.operations.stack import HOST, Browser, Stack, answers, wait_until
from tests.support.pictures import a_jpeg

pytestmark = pytest.mark.xdist_group("operations")

ASKED = 60


def figures(stack: Stack, kind: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(stack.metrics(kind))
        for sample in family.samples
    }


def figure(stack: Stack, kind: str, name: str, /, **labels: str) -> float:
    return figures(stack, kind).get((name, tuple(sorted(labels.items()))), 0.0)


def logins(stack: Stack) -> float:
    return figure(
        stack, "web", "laudo_requests_total", endpoint="auth.login", method="GET", status="2xx"
    )


def ask_for_logins(stack: Stack, times: int) -> None:
    for _one in range(times):  # new connections, so that both processes serve
        answer = requests.get(f"{stack.url}/login", headers={"Host": HOST}, timeout=30)
        assert answer.status_code == 200


def test_request_counts_are_summed_and_survive_a_process(stack):
    before = logins(stack)
    ask_for_logins(stack, ASKED)
    assert len(stack.processes_that_served("auth.login")) == 2
    assert logins(stack) - before == ASKED
    name, labels = "laudo_request_seconds_count", {"endpoint": "auth.login"}
    assert figure(stack, "web", name, **labels) >= ASKED
    victim, *_others = children_of(stack)
    os.kill(victim, signal.SIGKILL)
    wait_until(
        lambda: (
            victim not in children_of(stack) and len(children_of(stack)) == 2 and answers(stack)
        ),
        lambda: stack.log("web"),
    )
    ask_for_logins(stack, 10)
    assert logins(stack) - before == ASKED + 10
    assert figure(stack, "web", "laudo_requests_in_progress") == 0


def test_the_public_port_has_no_metrics(stack):
    for path in ("/metrics", "/metrics/"):
        answer = requests.get(f"{stack.url}{path}", headers={"Host": HOST}, timeout=30)
        assert answer.status_code == 404
        assert "laudo_requests" not in answer.text


def test_labels_are_bounded(stack):
    for one in range(3):
        url = f"{stack.url}/nothing/{uuid4()}?q={one}"
        requests.request("PROPFIND", url, headers={"Host": HOST}, timeout=30)
    text = stack.metrics("web")
    lost = {"endpoint": "none", "method": "other", "status": "4xx"}
    assert figure(stack, "web", "laudo_requests_total", **lost) >= 3
    assert "nothing" not in text and str(stack.cast.acme) not in text


def test_saves_and_photos_are_counted_by_outcome(stack):
    tess = Browser(stack)
    tess.log_in(stack.cast.tess)
    fields = f"/reports/{stack.a_report(stack.cast.tess)}/fields"
    names = [("laudo_saves_total", one) for one in ("accepted", "conflict", "refused")]
    names += [("laudo_photos_total", one) for one in ("received", "refused")]
    before = [figure(stack, "web", name, outcome=outcome) for name, outcome in names]
    for version in ("0", "0"):
        save = {
            "value": version + "x" + str(uuid4()),
            "comment": "",
            "row_version": version,
            "client_id": str(uuid4()),
        }
        tess.post(f"{fields}/customer", save)
    save = {"value": "no date", "comment": "", "row_version": "0", "client_id": str(uuid4())}
    tess.post(f"{fields}/inspected_on", save)
    for data in (a_jpeg(), b"no picture at all"):
        tess.post(f"{fields}/enclosure/photos", {}, files={"file": ("a.jpg", data, "image/jpeg")})
    after = [figure(stack, "web", name, outcome=outcome) for name, outcome in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 1, 1]


def test_the_relay_reports_work_queues_and_heartbeats(stack):
    for kind in ("worker", "relay"):
        if kind not in stack.processes:
            stack.start(kind)

    def checked() -> float:
        return figure(stack, "relay", "laudo_work", kind="photo_check", state="done")

    def workers() -> float:
        return figure(stack, "relay", "laudo_processes_alive", process="worker")

    wait_until(lambda: _has_port(stack) and workers() and checked(), lambda: stack.log("relay"))
    assert figure(stack, "relay", "laudo_processes_alive", process="relay") == 1
    assert figure(stack, "relay", "laudo_figures_complete") == 1
    assert figure(stack, "relay", "laudo_wake_ups_waiting", queue="documents") == 0
    names = {name for name, _labels in figures(stack, "relay")}
    assert {"laudo_work_oldest_queued_seconds", "laudo_render_seconds_bucket"} <= names


def _has_port(stack: Stack) -> bool:
    try:
        return bool(stack.metrics("relay"))
    except requests.RequestException:
        return False


def test_metrics_are_off_unless_asked_for(stack):
    assert Settings.model_fields["metrics_bind"].default == ""

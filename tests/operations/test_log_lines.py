"""The logs of real processes: every line is JSON, every request is logged, no secret appears."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests

from tests.operations.stack import HOST, Browser, Stack, wait_until
from tests.support.cast import PASSWORD
from tests.support.pictures import a_jpeg

pytestmark = pytest.mark.xdist_group("operations")

TYPED_WRONG = "wr0ng-but-mine-77"
IN_A_QUERY = "reset-4f0b77aa"
IN_A_PATH = "InA8PathThatIsNobodys"
BEARER = "Zm9vYmFyOmJhemJhemJheg"
EVERY = {"time", "level", "logger", "message", "process", "request_id", "tenant_id", "account_id"}
ACCESS = EVERY | {"endpoint", "method", "path", "status", "duration_ms"}
KINDS = ("web", "worker", "relay")


@dataclass
class Day:
    """The logged lines, and the words that no line may contain."""

    stack: Stack
    secrets: set[str]
    upload_id: str
    report_id: str
    broken_login_id: str

    def lines(self, kind: str) -> list[dict]:
        return [json.loads(line) for line in self.stack.log(kind).splitlines()]

    def access(self, **expected: object) -> list[dict]:
        return [
            line
            for line in self.lines("web")
            if line["logger"] == "laudo.access"
            and all(line[name] == value for name, value in expected.items())
        ]


@pytest.fixture(scope="module")
def day(stack: Stack) -> Day:
    """Log in, save, send an unreadable photo, request a missing page, break tables."""
    tess = Browser(stack)
    secrets = {PASSWORD, TYPED_WRONG, IN_A_QUERY, IN_A_PATH, BEARER, stack.cast.tess.email}
    tess.log_in(stack.cast.tess, TYPED_WRONG)
    secrets.add(tess.token)
    assert tess.log_in(stack.cast.tess).status_code == 303
    secrets |= {tess.token, *tess.session.cookies.values()}
    report_id = stack.a_report(stack.cast.tess)
    save = {"value": "Hospital", "comment": "", "row_version": "0", "client_id": str(uuid4())}
    assert tess.post(f"/reports/{report_id}/fields/customer", save).status_code == 303
    photo = {"file": ("photo.jpg", a_jpeg(), "image/jpeg")}
    uploaded = tess.post(f"/reports/{report_id}/fields/enclosure/photos", {}, files=photo)
    assert uploaded.status_code == 303
    tess.get(f"/projects/?token={IN_A_QUERY}", Authorization=f"Bearer {BEARER}")
    tess.get(f"/nowhere/{IN_A_PATH}")
    broken = break_tables(stack, tess)
    secrets |= set(tess.session.cookies.values()) | {tess.token}
    fail_in_the_worker(stack)
    upload_id = uploaded.headers["X-Request-ID"]
    return Day(stack, secrets, upload_id, str(report_id), broken.headers["X-Request-ID"])


def fail_in_the_worker(stack: Stack) -> None:
    """The photo's reading cannot be written at first; the relay queues it again, and it can."""
    stack.run_sql("alter table photo_readings rename to gone")
    try:
        for kind in ("worker", "relay"):
            stack.start(kind)
        wait_until(lambda: has_ended("failed", stack), lambda: stack.log("worker"))
    finally:
        stack.run_sql("alter table gone rename to photo_readings")
    wait_until(lambda: has_ended("done", stack), lambda: stack.log("worker"))


def has_ended(outcome: str, stack: Stack) -> bool:
    """Whether a photo has ended so; a preview may end before it."""
    return bool(re.search(f"photo_check [0-9a-f-]+: {outcome}", stack.log("worker")))


def break_tables(stack: Stack, tess: Browser) -> requests.Response:
    """Open a page whose table is missing, and log in without the accounts table."""
    other = Browser(stack)
    other.get("/login")
    stack.run_sql("alter table checklists rename to gone", "alter table accounts rename to away")
    try:
        assert tess.get(f"/checklists/?token={IN_A_QUERY}").status_code == 500
        broken = other.post("/login", {"email": stack.cast.max.email, "password": PASSWORD})
        assert broken.status_code == 500
    finally:
        stack.run_sql(
            "alter table gone rename to checklists", "alter table away rename to accounts"
        )
    return broken


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_an_object_with_the_named_keys(day, kind):
    lines = day.lines(kind)
    assert lines or kind == "relay"  # a relay without problems logs nothing
    assert [line for line in lines if not line.keys() >= EVERY] == []
    assert all(line["time"].endswith("+00:00") for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_no_line_contains_a_secret(day, kind):
    written = day.stack.log(kind)
    assert [secret for secret in day.secrets if secret and secret in written] == []
    assert "@acme.test" not in written


def test_each_request_has_one_line_with_its_facts(day):
    assert all(line.keys() >= ACCESS for line in day.access())
    path = f"/reports/{day.report_id}/fields/customer"
    (save,) = day.access(endpoint="reports.save_answer", path=path)
    assert (save["method"], save["status"]) == ("POST", 303)
    assert save["tenant_id"] == str(day.stack.cast.acme)
    assert save["account_id"] == str(day.stack.cast.tess.id)
    ids = [line["request_id"] for line in day.access()]
    assert len(ids) == len(set(ids))


def test_an_unknown_url_is_logged_without_its_path(day):
    (lost,) = day.access(path="/nowhere/…")
    assert (lost["endpoint"], lost["status"]) == (None, 404)


def test_gunicorn_logs_in_the_same_format(day):
    spoken = [line["message"] for line in day.lines("web") if line["logger"] == "gunicorn.error"]
    assert any("Listening at" in message for message in spoken)
    # Two at the start, and one more for each that a test before this one replaced.
    assert sum("Booting worker" in message for message in spoken) >= 2


def test_a_job_names_itself_its_tenant_and_the_request_that_caused_it(day):
    # The worker may have failed at something else before.
    first, *_again = [
        line
        for line in day.lines("worker")
        if line.get("outcome") == "failed" and line["request_id"] == day.upload_id
    ]
    assert first["job_kind"] == "photo_check"
    assert first["job_id"] in first["message"]
    assert first["tenant_id"] == str(day.stack.cast.acme)
    traces = [
        line["exception"]
        for line in day.lines("worker")
        if "exception" in line and line["request_id"] == day.upload_id
    ]
    assert "UndefinedTable" in traces[0] and "Traceback" in traces[0]


def test_a_failure_is_logged_with_traceback_and_without_values(day):
    (line,) = [
        line
        for line in day.lines("web")
        if "exception" in line and line["request_id"] == day.broken_login_id
    ]
    assert "UndefinedTable" in line["exception"] and "Traceback" in line["exception"]
    assert "hide_parameters" in line["exception"]
    (access,) = day.access(request_id=day.broken_login_id)
    assert access["status"] == 500


def test_a_harmless_request_id_of_the_caller_is_kept(day):
    for given, kept in (("load-balancer-0042", True), ("a_b_c_d_e_f", False), ("x" * 65, False)):
        headers = {"Host": HOST, "X-Request-ID": given}
        answer = requests.get(f"{day.stack.url}/nothing", headers=headers, timeout=30)
        returned = answer.headers["X-Request-ID"]
        assert (returned == given) is kept
        assert returned in answer.text

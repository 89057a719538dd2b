"""Anchors are made hourly and delivered to every place; a place that is down delays nothing else."""

from __future__ import annotations

import json
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import rfc8785

from app.anchors.jobs import anchor_all
from app.anchors.places import PlaceUnavailable
from app.health.readiness import check_parts
from app.jobs.daily import act_hourly_if_due
from app.jobs.exporter import WorkFigures
from tests.anchors.stage import REWRITE, Stage


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent; answers `server.status`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.status == 200:
            self.server.lines += body.splitlines()
            self.server.tokens.append(self.headers.get("Authorization"))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.status, server.lines, server.tokens = 200, [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(stage: Stage, receiver: ThreadingHTTPServer, monkeypatch) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/anchors"
    monkeypatch.setitem(stage.app.config, "ANCHOR_URL", url)
    monkeypatch.setitem(stage.app.config, "ANCHOR_URL_TOKEN", "let me in")


def test_a_head_is_anchored_once(stage: Stage) -> None:
    stage.work(3)
    stage.anchor()
    stage.anchor()
    (line,) = stage.lines()
    facts = json.loads(line)
    assert (int(facts["sequence"]), facts["hash"]) == stage.head()
    assert facts["tenant"] == str(stage.tenant)
    assert stage.ask("select count(*) from anchors where delivered_at is null") == [(0,)]


def test_openssl_verifies_the_line_with_the_published_key(stage: Stage, tmp_path) -> None:
    stage.work(1)
    stage.anchor()
    facts = json.loads(stage.lines()[0])
    (tmp_path / "signature").write_bytes(b64decode(facts.pop("signature")))
    (tmp_path / "signed").write_bytes(rfc8785.dumps(facts))
    (tmp_path / "key.pem").write_bytes(stage.app.test_client().get("/anchors.pem").data)
    names = ("-inkey", "key.pem", "-sigfile", "signature", "-in", "signed")
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "Signature Verified Successfully" in done.stdout, done.stderr


def test_an_address_receives_the_lines(stage: Stage, receiver, monkeypatch) -> None:
    at(stage, receiver, monkeypatch)
    stage.work(1)
    stage.anchor()
    assert receiver.lines == stage.lines()
    assert receiver.tokens == ["Bearer let me in"]


def test_a_place_that_is_down_gets_everything_later_and_others_nothing_twice(
    stage: Stage, receiver, monkeypatch
) -> None:
    at(stage, receiver, monkeypatch)
    receiver.status = 503
    for _ in range(3):
        stage.work(1)
        with pytest.raises(PlaceUnavailable):
            stage.anchor()
    assert len(stage.lines()) == 3
    assert stage.ask("select count(*) from anchors where delivered_at is null") == [(3,)]
    receiver.status = 200
    stage.anchor()
    assert sorted(receiver.lines) == sorted(stage.lines())
    assert len(receiver.lines) == 3
    assert stage.ask("select count(*) from anchors where delivered_at is null") == [(0,)]


def test_a_folder_that_cannot_be_written_is_an_unavailable_place(stage: Stage) -> None:
    stage.folder.parent.joinpath("anchors").write_text("a file, no folder")
    stage.work(1)
    with pytest.raises(PlaceUnavailable):
        stage.anchor()


def test_the_relay_tries_again_after_a_failure_and_else_not_within_the_hour(
    stage: Stage, receiver, monkeypatch
) -> None:
    at(stage, receiver, monkeypatch)
    receiver.status = 500
    stage.work(1)
    assert not act_hourly_if_due(stage.app, threading.Event())
    receiver.status = 200
    assert act_hourly_if_due(stage.app, threading.Event())
    assert not act_hourly_if_due(stage.app, threading.Event())
    assert len(receiver.lines) == 1


def test_readiness_and_metrics_show_what_waits(stage: Stage, receiver, monkeypatch) -> None:
    at(stage, receiver, monkeypatch)
    receiver.status = 500
    stage.work(1)
    with pytest.raises(PlaceUnavailable):
        stage.anchor()
    assert readiness(stage) == {
        "ok": True,
        "is_configured": True,
        "waiting": 1,
        "oldest_waiting_seconds": 0,
    }
    stage.forge("update anchors set at = at - interval '4 hours'")
    assert not readiness(stage)["ok"]
    figures = {
        one.name: one.samples[0].value for one in WorkFigures(stage.app).collect() if one.samples
    }
    assert figures["laudo_anchors_waiting"] == 1
    assert 4 * 3600 <= figures["laudo_anchors_oldest_waiting_seconds"] < 4 * 3600 + 60
    assert any("wait for a place outside" in one for one in stage.wrong())


def test_without_a_place_anchors_are_made_all_the_same(stage: Stage, monkeypatch) -> None:
    monkeypatch.setitem(stage.app.config, "ANCHOR_DIR", None)
    stage.work(1)
    stage.anchor()
    assert stage.ask("select count(*) from anchors") == [(1,)]
    assert readiness(stage) == {"ok": True, "is_configured": False}
    assert stage.wrong() == []


def test_a_stopping_relay_stops(stage: Stage) -> None:
    stage.work(1)
    with stage.app.app_context():
        assert list(anchor_all(lambda: True)) == []


def readiness(stage: Stage) -> dict:
    with stage.app.app_context():
        return check_parts(database_answers=True)["anchors"]


def test_a_bucket_keeps_the_lines_and_names_a_rewritten_end(
    stage: Stage, bucket: str, monkeypatch
) -> None:
    monkeypatch.setitem(stage.app.config, "ANCHOR_DIR", None)
    for name, value in {
        "ANCHOR_BUCKET": "anchors-outside",
        "ANCHOR_S3_ENDPOINT_URL": bucket,
        "ANCHOR_S3_REGION": "us-east-1",
        "ANCHOR_S3_KEY_ID": "key",
        "ANCHOR_S3_SECRET": "secret",
    }.items():
        monkeypatch.setitem(stage.app.config, name, value)
    for _ in range(2):
        stage.work(2)
        stage.anchor()
    assert stage.wrong() == []
    stage.forge(REWRITE, n=3)
    stage.forge("delete from anchors")
    assert any("entry 4 was rewritten" in one for one in stage.wrong())

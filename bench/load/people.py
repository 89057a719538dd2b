"""A technician simulated by locust: `locust -f bench/load/people.py`, never in the app's process.

Each has a browser session, their own IP address and an open report, and does several things at
once, as a phone does: autosaves periodically, opens pages, sends photos, sometimes submits and
starts the next report. Late actions are not made up for, and no action waits for another.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import gevent
from locust import FastHttpUser, events, task

from bench.load.ledger import Ledger
from bench.load.options import Errand, Options
from bench.load.photos import load_album, with_unique_bytes

OPTIONS, ERRAND = Options(), Errand()  # type: ignore[call-arg]
FIELDS = ERRAND.fields.split()
LEDGER = Ledger(ERRAND.ledger)
ALBUM = load_album(OPTIONS)
TOKEN = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')
VERSION = re.compile(r'name="row_version"[^>]*value="(\d+)"')
PHOTO = re.compile(r'data-photo="([^"]+)"')
STATE = re.compile(r'data-state="([^"]+)"')
EVERY = re.compile(r'hx-trigger="every (\d+)s"')
ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
DOCUMENT = re.compile(r'hx-get="(/documents/[^"]+)"')
STARTED = re.compile(r"/reports/([0-9a-f-]{36})")
CARD_SECONDS, DOCUMENT_SECONDS = 2.0, 1.0
LONGEST_WATCH_SECONDS = 120.0
# A process ended, or its database was away.
NO_ANSWER = {0, 500, 502, 503, 504}
AGAIN_SECONDS, LONGEST_AWAY_SECONDS = 1.0, 90.0

_turn = count(ERRAND.first_person)


@events.request.add_listener  # type: ignore[untyped-decorator]
def _note_request(
    name: str, response_time: float, exception: object, response: Any = None, **_rest: object
) -> None:
    trouble = str(exception) if exception else None
    status = response.status_code if response is not None else 0
    LEDGER.note(
        "request", kind=name, ms=response_time, status=status, trouble=trouble, at=time.time()
    )


class Technician(FastHttpUser):
    host = ERRAND.url
    connection_timeout = network_timeout = 60.0

    def on_start(self) -> None:
        """Log in as a browser does: page, its files, password, home. Then start the first
        report."""
        number = next(_turn)
        self.random = random.Random(number)
        self.headers = {"X-Forwarded-For": f"10.{number >> 8 & 255}.{number & 255}.7"}
        self.in_flight, self.is_filling = 0, False
        page = self._get("/login", "log-in page")
        for address in sorted(set(ASSET.findall(page.text))):
            self._get(address, "static file")
        email = f"load{number}@acme.test"
        self._post(
            "/login", "log-in", {"email": email, "password": ERRAND.password}, fragment=False
        )
        self._read_token(self._get("/", "page"))
        self._start_report()

    @task
    def work(self) -> None:
        """Run all habits concurrently until locust ends the run."""
        habits: list[tuple[Callable[[], None], float]] = [
            (self._save, OPTIONS.save_every),
            (self._turn_page, OPTIONS.page_every),
            (self._photograph, OPTIONS.photo_every),
        ]
        running = [gevent.spawn(self._repeat, act, period) for act, period in habits]
        running.append(gevent.spawn(self._submit_now_and_then))
        try:
            gevent.joinall(running, raise_error=True)
        finally:
            gevent.killall(running)

    def _repeat(self, act: Callable[[], None], period: float) -> None:
        due = time.monotonic() + self.random.uniform(0, period)
        while True:
            gevent.sleep(max(0.0, due - time.monotonic()))
            if self.is_filling:
                with self._busy():
                    act()
            due = max(due + period, time.monotonic())

    @contextmanager
    def _busy(self) -> Any:
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def _start_report(self) -> None:
        answer = self._post(
            "/reports/",
            "start a report",
            {
                "checklist_id": ERRAND.checklist_id,
                "project_id": ERRAND.project_id,
                "title": f"Panel {self.random.randint(1, 9999)}",
                "client_id": str(uuid4()),
            },
            fragment=False,
        )
        found = STARTED.search(answer.headers.get("Location", "") if answer.headers else "")
        if not found:
            raise RuntimeError(f"no report was started: {answer.status_code}")
        self.report = found[1]
        self.versions = dict.fromkeys(FIELDS, 0)
        self._get(f"/reports/{self.report}/fill", "fill page")
        self.is_filling = True

    def _save(self) -> None:
        field, report = self.random.choice(FIELDS), self.report
        client_id, value = str(uuid4()), f"value {self.random.random():.9f}"
        answer = self._post(
            f"/reports/{report}/fields/{field}",
            "autosave",
            {
                "value": value,
                "comment": "",
                "row_version": str(self.versions[field]),
                "client_id": client_id,
                "client_at": _now(),
            },
        )
        found = VERSION.search(answer.text or "")
        if answer.status_code == 200 and found:
            self.versions[field] = int(found[1])
            LEDGER.note(
                "save",
                report=report,
                field=field,
                client_id=client_id,
                value=value,
                version=self.versions[field],
            )

    def _turn_page(self) -> None:
        address, kind = self.random.choice(
            (
                (f"/reports/{self.report}/fill", "fill page"),
                (f"/reports/{self.report}", "page"),
                ("/reports/", "page"),
                ("/reports/?search=panel&status=in_progress", "page"),
                ("/", "page"),
            )
        )
        self._get(address, kind)

    def _photograph(self) -> None:
        """Send bytes and hash as photo_upload.js does, then poll the card until the photo is
        read."""
        data = with_unique_bytes(self.random.choice(ALBUM), self.random)
        client_id, digest = str(uuid4()), sha256(data).hexdigest()
        fields = {
            "client_id": client_id,
            "client_at": _now(),
            "source": "camera",
            "sha256": digest,
            "latitude": "-23.550520",
            "longitude": "-46.633308",
            "accuracy": "12",
            "csrf_token": self.token,
        }
        body, boundary = _multipart(fields, data)
        answer = self._request(
            "POST",
            f"/reports/{self.report}/fields/{ERRAND.photo_field}/photos",
            "photo",
            data=body,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        if answer.status_code == 201:
            LEDGER.note(
                "photo", report=self.report, client_id=client_id, sha256=digest, size=len(data)
            )
            del data, body  # else a waiting crowd would hold gigabytes
            self._watch_card(answer.text)

    def _watch_card(self, text: str) -> None:
        photo = PHOTO.search(text)
        deadline = time.monotonic() + LONGEST_WATCH_SECONDS
        while photo and _state(text) == "reading" and time.monotonic() < deadline:
            gevent.sleep(_poll_seconds(text))
            text = self._get(f"/photos/{photo[1]}/card", "photo card", fragment=True).text
        if photo and _state(text) == "good":
            self._get(f"/photos/{photo[1]}/thumbnail.jpg", "thumbnail")

    def _submit_now_and_then(self) -> None:
        gevent.sleep(self.random.uniform(0.2, 1) * OPTIONS.submit_every)
        while True:
            began = time.monotonic()
            self._submit()
            self._start_report()
            gevent.sleep(max(0.0, began + OPTIONS.submit_every - time.monotonic()))

    def _submit(self) -> None:
        """Wait for pending requests, as the page does, then submit and wait for the PDF."""
        self.is_filling = False
        while self.in_flight:
            gevent.sleep(0.1)
        self._get(f"/reports/{self.report}/review", "check page")
        while True:
            answer = self._post(f"/reports/{self.report}/submit", "submit", {}, fragment=False)
            if answer.status_code in (200, 303) or answer.status_code not in (409, 422):
                break
            gevent.sleep(CARD_SECONDS)  # a photo is still being read: the page polls
        if answer.status_code == 303:
            LEDGER.note("submit", report=self.report)
            self._watch_document(self._get(f"/reports/{self.report}", "page").text)

    def _watch_document(self, text: str) -> None:
        deadline = time.monotonic() + LONGEST_WATCH_SECONDS
        while (found := DOCUMENT.search(text)) and time.monotonic() < deadline:
            gevent.sleep(DOCUMENT_SECONDS)
            text = self._get(found[1], "document status", fragment=True).text

    def _get(self, address: str, kind: str, *, fragment: bool = False) -> Any:
        return self._request("GET", address, kind, fragment=fragment)

    def _post(self, address: str, kind: str, form: dict[str, str], *, fragment: bool = True) -> Any:
        return self._request(
            "POST", address, kind, fragment=fragment, data={"csrf_token": self.token, **form}
        )

    def _request(self, method: str, address: str, kind: str, **options: Any) -> Any:
        """Send once; patient people repeat the same operation until the server answers it."""
        deadline = time.monotonic() + (LONGEST_AWAY_SECONDS if OPTIONS.is_patient else 0)
        while True:
            answer = self._try(method, address, kind, **options)
            if answer.status_code not in NO_ANSWER or time.monotonic() > deadline:
                return answer
            gevent.sleep(AGAIN_SECONDS)

    def _try(
        self,
        method: str,
        address: str,
        kind: str,
        *,
        fragment: bool = True,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        sent = {**self.headers, **(headers or {})}
        if fragment:
            sent["HX-Request"] = "true"
        with self.client.request(
            method,
            address,
            name=kind,
            headers=sent,
            allow_redirects=False,
            catch_response=True,
            **options,
        ) as answer:
            if kind == "log-in" and answer.status_code != 303:
                answer.failure(f"log-in refused with {answer.status_code}")
            elif kind == "submit" and answer.status_code in (409, 422):
                answer.success()
        if kind == "log-in page":
            self._read_token(answer)
        return answer

    def _read_token(self, page: Any) -> None:
        found = TOKEN.search(page.text or "")
        if not found:
            raise RuntimeError(f"a page without a token: {page.status_code}")
        self.token = found[1]


def _poll_seconds(card: str) -> float:
    """The polling interval that the card itself names."""
    found = EVERY.search(card)
    return float(found[1]) if found else CARD_SECONDS


def _state(card: str) -> str:
    found = STATE.search(card or "")
    return found[1] if found else ""


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _multipart(fields: dict[str, str], data: bytes) -> tuple[bytes, str]:
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    return b"".join((*parts, head, data, f"\r\n--{boundary}--\r\n".encode())), boundary

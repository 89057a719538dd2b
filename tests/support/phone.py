"""A phone that sends operations with a test client, or with any other function that posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient

from app.models import Actor
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.cast import Cast, load_cast

SCRIPT = {"X-Requested-With": "fetch"}


class Phone:
    """One person's phone with one report open."""

    def __init__(self, client: FlaskClient, report_id: UUID) -> None:
        self.client, self.report_id = client, report_id
        self.url = f"/reports/{report_id}/operations"

    def post(self, kind: str, field_id: str = "", **entries: Any):
        """The response to an operation. Without `client_id` it is a new one."""
        sent = {"kind": kind, "field_id": field_id, "client_id": str(uuid4()), **entries}
        return self.client.post(self.url, data=sent, headers=SCRIPT)

    def send(self, kind: str, field_id: str = "", **entries: Any) -> dict[str, Any]:
        """The verdict on an operation."""
        response = self.post(kind, field_id, **entries)
        assert response.status_code == 200, (response.status_code, response.text)
        assert response.content_type == "application/json"
        return response.json

    def answer(self, field_id: str, value: Any, base: int = 0, **entries: Any) -> dict[str, Any]:
        return self.send("answer", field_id, value=value, base_version=base, **entries)


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the acts returned, each in a thread of its own, all begun together."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@contextmanager
def alone(folder: Path) -> Iterator[tuple[Flask, Cast, UUID]]:
    """An app with real commits, its cast, and a report of Tess."""
    with app_alone(folder) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        cast = load_cast(app)
        with app.app_context(), tenant_scope(cast.acme):
            report_id = scenarios.a_report(Actor(cast.tess.name, cast.tess.role, cast.tess.id)).id
        yield app, cast, report_id

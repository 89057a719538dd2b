"""A report, its technician, and the app on either storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.storage import LocalStorage
from tests.storage.conftest import moto_url, s3  # noqa: F401
from tests.support.alone import app_alone
from tests.support.scenarios import a_report


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as actor:
        return a_report(actor).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


@pytest.fixture(params=["local", "s3"])
def either_storage(request, app, tmp_path, monkeypatch) -> Any:
    """An empty storage of its own for the requests of the test."""
    is_bucket = request.param == "s3"
    store = request.getfixturevalue("s3").store if is_bucket else LocalStorage(tmp_path / "disk")
    monkeypatch.setitem(app.extensions, "laudo_storage", store)
    return store


@pytest.fixture
def alone(tmp_path) -> Iterator[Flask]:
    """An app with real commits."""
    with app_alone(tmp_path) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        yield app

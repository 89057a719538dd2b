"""Every error is a page, a toast or JSON, always with the request id."""

from __future__ import annotations

import errno
import json

import pytest
from flask import Flask, abort
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ClientDisconnected

from app import create_app
from app.errors import DomainError
from app.extensions import db
from app.models import Tenant, TenantStatus
from app.tenancy import platform_scope
from app.web.guards import public
from tests.conftest import settings_for

HTMX = {"HX-Request": "true"}


class TooHeavy(DomainError):
    """%(name)s is too heavy."""


@pytest.fixture(scope="module")
def failing(database, tmp_path_factory) -> Flask:
    """The app with routes that fail in different ways."""
    app = create_app(settings_for(database, tmp_path_factory.mktemp("failing")))
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)

    def unexpected() -> str:
        db.session.execute(text("select 1"))
        raise RuntimeError("a secret in the message")

    def unreachable() -> str:
        raise OperationalError("select 1", {}, Exception("server closed the connection"))

    def bad_data() -> str:
        db.session.execute(text("select cast('nonsense' as uuid)"))
        return ""

    def domain() -> str:
        raise TooHeavy(name="Ana's bag")

    def too_slow() -> str:
        db.session.execute(text("set local statement_timeout = 10; select pg_sleep(1)"))
        return ""

    def full_disk() -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/secret")

    def bad_disk() -> str:
        raise OSError(errno.EIO, "a secret in the message")

    def cut_off() -> str:
        raise ClientDisconnected

    for view in (
        unexpected,
        unreachable,
        bad_data,
        domain,
        too_slow,
        full_disk,
        bad_disk,
        cut_off,
    ):
        app.add_url_rule(f"/fail/{view.__name__}", view_func=public(view))
        app.add_url_rule(f"/api/v1/fail/{view.__name__}", f"api_{view.__name__}", public(view))
    app.add_url_rule("/fail/<int:code>", "code", public(abort), methods=["GET", "POST"])
    return app


CASES = {
    "unexpected": 500,
    "unreachable": 503,
    "bad_data": 422,
    "domain": 409,
    "too_slow": 503,
    "full_disk": 507,
    "bad_disk": 500,
    "cut_off": 408,
}


@pytest.mark.parametrize(("name", "status"), CASES.items())
def test_a_failure_is_a_page_with_the_request_id(failing, name, status):
    answer = failing.test_client().get(f"/fail/{name}", headers={"X-Request-ID": "request-12345"})
    assert answer.status_code == status
    assert answer.content_type.startswith("text/html")
    assert "request-12345" in answer.text
    assert answer.headers["X-Request-ID"] == "request-12345"
    assert "secret" not in answer.text and "select" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(("name", "status"), CASES.items())
@pytest.mark.parametrize("headers", [HTMX, {"X-Requested-With": "fetch"}])
def test_a_script_gets_a_sentence_and_a_toast(failing, name, status, headers):
    answer = failing.test_client().get(f"/fail/{name}", headers=headers)
    assert answer.status_code == status
    assert answer.content_type.startswith("text/plain")
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["kind"] == "error" and toast["text"] == answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(("name", "status"), CASES.items())
def test_the_api_answers_in_json(failing, name, status):
    answer = failing.test_client().get(f"/api/v1/fail/{name}")
    assert answer.status_code == status
    assert set(answer.json) == {"error", "request_id"}


@pytest.mark.parametrize("code", [400, 403, 404, 405, 408, 409, 411, 413, 422, 429, 503])
def test_every_status_has_its_page(failing, code):
    answer = failing.test_client().get(f"/fail/{code}")
    assert answer.status_code == code
    assert f"Error {code}" in answer.text
    if code == 409:
        assert "<h1>This cannot be done now</h1>" in answer.text
    if code == 429:
        assert answer.headers["Retry-After"] == "60"


def test_a_failure_is_in_the_readers_language(failing):
    answer = failing.test_client().get("/fail/unexpected", headers={"Accept-Language": "pt-BR"})
    assert '<html lang="pt-BR">' in answer.text


def test_a_sentence_with_a_percent_sign_or_markup_is_shown_as_it_is(failing):
    assert "Ana&#39;s bag is too heavy." in failing.test_client().get("/fail/domain").text


def test_unexpected_errors_propagate_in_tests(failing, monkeypatch):
    monkeypatch.setitem(failing.config, "PROPAGATE_EXCEPTIONS", None)
    with pytest.raises(RuntimeError):
        failing.test_client().get("/fail/unexpected")


def test_no_database_still_gives_a_page(tmp_path):
    """The person cannot be loaded either, so the page must not try."""
    nowhere = "postgresql://laudo_app:x@127.0.0.1:1/none"
    app = create_app(
        settings_for("x", tmp_path, database_url=nowhere, platform_database_url=nowhere)
    )
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for token in ("some-token", "p.some-token"):
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        for url in ("/", "/account", "/projects/"):
            answer = client.get(url)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            assert "Temporarily unavailable" in answer.text
        assert client.get("/", headers=HTMX).status_code == 503


def test_a_login_works_without_redis(database, tmp_path):
    app = create_app(settings_for(database, tmp_path, redis_url="redis://127.0.0.1:1/0"))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "10.77.0.1"
    data = {"email": "nobody@redis.test", "password": "wrong"}
    statuses = [client.post("/login", data=data).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_a_suspended_company_reads_and_does_not_write(app, client_of, cast):
    def set_status(status: TenantStatus) -> None:
        with app.app_context(), platform_scope() as session:
            session.get_one(Tenant, cast.other).status = status
            session.commit()

    client = client_of(cast.otto)
    set_status(TenantStatus.SUSPENDED)
    try:
        assert client.get("/projects/").status_code == 200
        refused = client.post("/projects/", data={"name": "New"})
        assert refused.status_code == 403
        assert "is suspended: everything can be read" in refused.text
        assert client.post("/logout").status_code == 303
    finally:
        set_status(TenantStatus.ACTIVE)

"""The API's index, its health check and CORS."""

from __future__ import annotations

import pytest

from app.config import Settings

OURS = "https://portal.client.test"


@pytest.fixture
def with_origin(app, monkeypatch):
    monkeypatch.setitem(app.config, "CORS_ORIGINS", (OURS,))


def test_the_index_describes_the_api(anonymous):
    answer = anonymous.get("/api/v1/")
    assert answer.json == {"name": "Laudo", "version": "v1", "health": "/api/v1/health"}
    assert "Set-Cookie" not in answer.headers


def test_health_answers(anonymous):
    assert anonymous.get("/api/v1/health").json == {"status": "ok"}


def test_a_configured_origin_is_allowed(anonymous, with_origin):
    answer = anonymous.get("/api/v1/", headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_preflight_names_methods_and_headers(anonymous, with_origin):
    answer = anonymous.options("/api/v1/", headers={"Origin": OURS})
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", ["https://evil.test", OURS + ".evil.test", "null", "*"])
def test_other_origins_are_not_allowed(anonymous, with_origin, origin):
    answer = anonymous.get("/api/v1/", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_outside_the_api_allow_no_origin(anonymous, with_origin):
    assert "Access-Control-Allow-Origin" not in anonymous.get("/", headers={"Origin": OURS}).headers


def test_an_unknown_url_is_a_json_404(anonymous):
    answer = anonymous.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert set(answer.json) == {"error", "request_id"}


def test_origins_come_from_the_environment(monkeypatch, app):
    monkeypatch.setenv("CORS_ORIGINS", f"{OURS}, https://other.test")
    for name in ("SECRET_KEY", "BASE_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, str(app.config[name]))
    assert Settings(_env_file=None).cors_origins == (OURS, "https://other.test")

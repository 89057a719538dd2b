"""The health checks with real outages: healthy without Redis, unhealthy without PostgreSQL."""

from __future__ import annotations

import time

import pytest

from app import create_app
from app.database_roles import APP, PLATFORM, ensure_database, ensure_roles
from app.extensions import db
from app.local.embedded import EmbeddedPostgres, EmbeddedValkey, load_passwords
from tests.conftest import settings_for


@pytest.fixture
def own_servers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("health")
    for one in (folder, *folder.parents[:3]):
        one.chmod(one.stat().st_mode | 0o011)
    passwords = load_passwords(folder / "passwords.json")
    postgres = EmbeddedPostgres(folder, passwords, durable=False)
    valkey = EmbeddedValkey(folder, passwords["valkey"])
    postgres.start()
    valkey.start()
    ensure_roles(postgres.dsn(), passwords)
    ensure_database(postgres.dsn(), "laudo")
    yield postgres, valkey
    valkey.stop()
    postgres.stop()


def test_health_follows_postgres_and_not_redis(own_servers, tmp_path):
    postgres, valkey = own_servers
    app = create_app(
        settings_for(
            "unused",
            tmp_path,
            database_url=postgres.url(APP, "laudo"),
            platform_database_url=postgres.url(PLATFORM, "laudo"),
            redis_url=valkey.url,
        )
    )
    client = app.test_client()
    assert client.get("/health").status_code == 200
    valkey.stop()
    assert client.get("/health").status_code == 200
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json["redis"]["ok"] is False
    postgres.stop()
    started = time.monotonic()
    assert client.get("/health").status_code == 503
    assert time.monotonic() - started < 2
    postgres.start()
    assert client.get("/health").status_code == 200
    with app.app_context():
        db.engine.dispose()

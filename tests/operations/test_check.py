"""`flask check` against what is really broken: each fault by its own sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask

from app import create_app
from app.commands.check.database import check_database
from app.commands.check.machine import _hosts, _secret_key
from app.commands.check.services import check_services
from app.database_roles import APP, BACKUP, OWNER, PLATFORM
from app.extensions import db
from app.jobs import alive
from tests import servers as test_servers
from tests.conftest import settings_for
from tests.smtp_sink import smtp_sink

GOOD_KEY = "kZ8#vQ2m!pX5wR9t@bN4cL7y^dF1gH3j"
HOSTED = {"base_url": "https://laudo.test", "trusted_hosts": "laudo.test"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    running = test_servers.current()
    name = f"laudo_check_{uuid4().hex[:8]}"
    yield running.clone(name)
    running.drop(name)


def run_sql(database: str, *statements: str) -> None:
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


@contextmanager
def installed(database: str, folder: Path, **settings: object) -> Iterator[Flask]:
    app = create_app(
        settings_for(database, folder, **{"secret_key": GOOD_KEY, **HOSTED, **settings})
    )
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()


def checked(app: Flask) -> dict[str, list[tuple[str, str]]]:
    """Level and sentence of each part behind this machine; the machine itself takes a second."""
    parts: dict[str, list[tuple[str, str]]] = {}
    with app.app_context():
        for one in (*check_database(), *check_services()):
            parts.setdefault(one.part, []).append((one.level, one.sentence))
    return parts


def only(found: dict[str, list[tuple[str, str]]], part: str) -> tuple[str, str]:
    (finding,) = found[part]
    return finding


def test_a_sound_installation_is_told_so(base, tmp_path):
    with installed(base, tmp_path) as app:
        with app.app_context():
            for process in ("worker", "relay"):
                alive.beat(app.extensions["laudo_redis"], process, "checked")
        result = app.test_cli_runner().invoke(args=["check"])
        with app.app_context():
            for process in ("worker", "relay"):
                alive.sign_off(app.extensions["laudo_redis"], process, "checked")
    assert "wrong" not in result.output, result.output
    assert result.exit_code == 0
    for words in ("forced on all", "the newest", "the hash is right", "A page was drawn"):
        assert words in result.output
    assert list(tmp_path.rglob("probe/*")) == []


def test_one_table_without_forced_rules(base, tmp_path):
    run_sql(base, "alter table answers no force row level security")
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "isolation")
    finally:
        run_sql(base, "alter table answers force row level security")
    assert level == "wrong"
    assert "not forced on answers" in sentence
    assert "alter table answers force row level security" in sentence


def test_a_second_policy_that_asks_for_nobody(base, tmp_path):
    run_sql(base, "create policy open_door on photos using (true)")
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "isolation")
    finally:
        run_sql(base, "drop policy open_door on photos")
    assert (level, "A policy on photos does not ask" in sentence) == ("wrong", True)


def test_a_policy_that_asks_and_lets_through_all_the_same(base, tmp_path):
    def policy(more: str) -> str:
        return (
            "alter policy own_tenant on photos using (tenant_id ="
            f" nullif(current_setting('app.tenant_id', true), '')::uuid {more})"
        )

    run_sql(base, policy("or true"))
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "isolation")
    finally:
        run_sql(base, policy(""))
    assert (level, "A policy on photos does not ask" in sentence) == ("wrong", True)


def test_an_index_that_was_made_by_half(base, tmp_path):
    half = "update pg_index set indisvalid = {} where indexrelid = 'ix_reports_tenant_id_due_on'::regclass"
    run_sql(base, half.format(False))
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "indexes")
    finally:
        run_sql(base, half.format(True))
    assert level == "wrong"
    assert "reindex index concurrently ix_reports_tenant_id_due_on" in sentence


@pytest.mark.parametrize(("role", "words"), [(OWNER, "owns tables"), (BACKUP, "has BYPASSRLS")])
def test_a_role_that_is_too_mighty(base, tmp_path, role, words):
    url = test_servers.current().url(role, base)
    with installed(base, tmp_path, database_url=url) as app:
        level, sentence = only(checked(app), "database")
    assert level == "wrong"
    assert role in sentence and words in sentence and "Use the role laudo_app" in sentence


def test_the_roles_in_each_others_place(base, tmp_path):
    running = test_servers.current()
    urls = {
        "database_url": running.url(PLATFORM, base),
        "platform_database_url": running.url(APP, base),
    }
    with installed(base, tmp_path, **urls) as app:
        found = checked(app)
    assert "DATABASE_URL logs in as laudo_platform" in only(found, "database")[1]
    assert "PLATFORM_DATABASE_URL logs in as laudo_app" in only(found, "platform")[1]


def test_a_schema_that_is_open_to_all(base, tmp_path):
    run_sql(base, "grant create on schema public to public")
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "database")
    finally:
        run_sql(base, "revoke create on schema public from public")
    assert (level, "may create tables" in sentence) == ("wrong", True)


@pytest.mark.parametrize(
    ("revision", "level", "words"),
    [("0001", "wrong", "run `flask up`"), ("9999", "warning", "a newer release is on its way")],
)
def test_a_database_of_another_release(base, tmp_path, revision, level, words):
    (head,) = _revisions(base)
    run_sql(base, f"update alembic_version set version_num = '{revision}'")
    try:
        with installed(base, tmp_path) as app:
            finding = only(checked(app), "migrations")
    finally:
        run_sql(base, f"update alembic_version set version_num = '{head}'")
    assert finding[0] == level and words in finding[1]


def _revisions(database: str) -> list[str]:
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select version_num from alembic_version")
            return [one for (one,) in cursor.fetchall()]
    finally:
        connection.close()


def test_servers_that_are_away(tmp_path):
    nowhere = {
        "database_url": "postgresql://laudo_app@127.0.0.1:1/none",
        "platform_database_url": "postgresql://laudo_platform@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
    }
    with installed("none", tmp_path, **nowhere) as app:
        found = checked(app)
        result = app.test_cli_runner().invoke(args=["check", "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (1, False)
    assert {one["part"] for one in told["findings"]} >= {*found, "pdf", "disk", "built"}
    assert "look at host, name and password in DATABASE_URL" in only(found, "database")[1]
    assert "look at REDIS_URL" in only(found, "redis")[1]
    for part in ("database", "platform", "isolation", "migrations", "redis", "worker", "relay"):
        assert only(found, part)[0] == "wrong", part
    assert only(found, "storage")[0] == "ok"  # what works is still told


def test_nobody_at_work(base, tmp_path):
    redis_url = test_servers.current().redis_url.removesuffix("/0") + "/14"
    with installed(base, tmp_path, redis_url=redis_url) as app:
        found = checked(app)
    assert "start `flask worker`" in only(found, "worker")[1]
    assert "start `flask relay`" in only(found, "relay")[1]


def test_a_redis_that_evicts_and_forgets(base, tmp_path):
    with installed(base, tmp_path) as app:
        client = app.extensions["laudo_redis"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            found = checked(app)["redis"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert [level for level, _words in found] == ["warning", "warning"]
    assert "set maxmemory-policy to noeviction" in found[0][1]
    assert "set appendonly to yes" in found[1][1]


def test_work_that_waits_too_long(base, tmp_path):
    # In replica mode no foreign key asks for the photo.
    run_sql(
        base,
        "set session_replication_role = replica",
        "insert into photo_checks (tenant_id, photo_id, queued_at)"
        " values (gen_random_uuid(), gen_random_uuid(), now() - interval '1 hour')",
    )
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "queue")
    finally:
        run_sql(base, "delete from photo_checks")
    assert level == "wrong"
    assert "The oldest reading of a photo has waited 36" in sentence
    assert "start more of them" in sentence


def test_mails_that_wait_are_told_apart_from_work_that_nobody_does(base, tmp_path):
    run_sql(
        base,
        "set session_replication_role = replica",
        "insert into mails (tenant_id, kind, recipient, queued_at)"
        " values (gen_random_uuid(), 'reset', 'a@b.test', now() - interval '1 hour')",
        "insert into exports (tenant_id, queued_at)"
        " values (gen_random_uuid(), now() - interval '2 minutes')",
    )
    try:
        with installed(base, tmp_path) as app:
            export, mail = checked(app)["queue"]
    finally:
        run_sql(base, "delete from mails", "delete from exports")
    assert (export[0], "The oldest export has waited" in export[1]) == ("warning", True)
    assert mail[0] == "wrong"
    assert "The oldest mail has waited 36" in mail[1] and "look at `mail`" in mail[1]
    assert "start" not in mail[1]


def test_a_storage_that_is_no_folder(base, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with installed(base, tmp_path / "file") as app:
        level, sentence = only(checked(app), "storage")
    assert level == "wrong"
    assert "the folder of STORAGE_DIR must exist" in sentence


@pytest.mark.parametrize(
    ("settings", "part", "level", "words"),
    [
        ({"secret_key": "a" * 40}, "secret_key", "wrong", "can be guessed"),
        ({"secret_key": "please-change-me-0123456789-xyzuvw"}, "secret_key", "warning", "placeh"),
        ({"trusted_hosts": ""}, "hosts", "warning", "set TRUSTED_HOSTS=laudo.test"),
        ({"trusted_hosts": "other.test"}, "hosts", "wrong", "TRUSTED_HOSTS lacks laudo.test"),
        ({"base_url": "http://laudo.test"}, "hosts", "wrong", "BASE_URL is not https"),
    ],
)
def test_settings_that_are_no_good(tmp_path, settings, part, level, words):
    with installed("none", tmp_path, **settings) as app, app.app_context():
        (finding, *_rest) = _hosts() if part == "hosts" else _secret_key()
    assert finding.level == level
    assert words in finding.sentence


def test_without_a_mail_server_nobody_gets_a_mail(base, tmp_path):
    with installed(base, tmp_path) as app:
        level, sentence = only(checked(app), "mail")
    assert level == "warning"
    assert "set SMTP_HOST" in sentence and str(app.config["MAIL_DIR"]) in sentence
    with installed(base, tmp_path, base_url="http://localhost:8000", trusted_hosts="") as app:
        assert only(checked(app), "mail")[0] == "ok"


def test_the_mail_server_is_asked_and_sends_nothing(base, tmp_path):
    with smtp_sink() as sink:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_security": "none"}
        with installed(base, tmp_path, **mail) as app:
            assert only(checked(app), "mail")[0] == "ok"
        assert sink.verbs and sink.taken == []
        # A server without the encryption that is asked for gets no password.
        mail |= {"smtp_security": "starttls", "smtp_user": "laudo", "smtp_password": GOOD_KEY}
        with installed(base, tmp_path, **mail) as app:
            level, sentence = only(checked(app), "mail")
    assert level == "wrong"
    assert "SMTP_SECURITY" in sentence and GOOD_KEY not in sentence
    assert "AUTH" not in sink.verbs

"""`flask check` with real faults: each is reported by its own sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask

from app.commands.check.database import check_database
from app.commands.check.machine import _hosts, _secret_key
from app.commands.check.services import check_services
from app.database_roles import APP, BACKUP, OWNER, PLATFORM
from app.jobs import alive
from tests.operations.installed import GOOD_KEY, installed, run_sql
from tests.support import servers as test_servers
from tests.support.smtp_sink import smtp_sink


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    running = test_servers.current()
    name = f"laudo_check_{uuid4().hex[:8]}"
    yield running.clone(name)
    running.drop(name)


def checked(app: Flask) -> dict[str, list[tuple[str, str]]]:
    """Level and sentence of each part, except the machine, whose checks take a second."""
    parts: dict[str, list[tuple[str, str]]] = {}
    with app.app_context():
        for one in (*check_database(), *check_services()):
            parts.setdefault(one.part, []).append((one.level, one.sentence))
    return parts


def only(found: dict[str, list[tuple[str, str]]], part: str) -> tuple[str, str]:
    (finding,) = found[part]
    return finding


def test_a_healthy_installation_is_reported_as_such(base, tmp_path):
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


@pytest.mark.parametrize(
    ("role", "variable"), [(APP, "DATABASE_URL"), (PLATFORM, "PLATFORM_DATABASE_URL")]
)
def test_a_role_with_another_time_out(base, tmp_path, role, variable):
    run_sql(base, f"alter role {role} in database {base} set statement_timeout = '1min'")
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "timeouts")
    finally:
        run_sql(base, f"alter role {role} in database {base} reset statement_timeout")
    assert level == "wrong"
    assert f"statement_timeout is 1min for the role of {variable}, not 15s" in sentence


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


def test_a_second_policy_without_a_condition(base, tmp_path):
    run_sql(base, "create policy open_door on photos using (true)")
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "isolation")
    finally:
        run_sql(base, "drop policy open_door on photos")
    assert (level, "A policy on photos does not ask" in sentence) == ("wrong", True)


def test_a_policy_with_an_ineffective_condition(base, tmp_path):
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


def test_an_invalid_index(base, tmp_path):
    half = "update pg_index set indisvalid = {} where indexrelid = 'ix_reports_tenant_id_created_at'::regclass"
    run_sql(base, half.format(False))
    try:
        with installed(base, tmp_path) as app:
            level, sentence = only(checked(app), "indexes")
    finally:
        run_sql(base, half.format(True))
    assert level == "wrong"
    assert "reindex index concurrently ix_reports_tenant_id_created_at" in sentence


@pytest.mark.parametrize(("role", "words"), [(OWNER, "owns tables"), (BACKUP, "has BYPASSRLS")])
def test_a_role_with_too_many_rights(base, tmp_path, role, words):
    url = test_servers.current().url(role, base)
    with installed(base, tmp_path, database_url=url) as app:
        level, sentence = only(checked(app), "database")
    assert level == "wrong"
    assert role in sentence and words in sentence and "Use the role laudo_app" in sentence


def test_swapped_roles(base, tmp_path):
    running = test_servers.current()
    urls = {
        "database_url": running.url(PLATFORM, base),
        "platform_database_url": running.url(APP, base),
    }
    with installed(base, tmp_path, **urls) as app:
        found = checked(app)
    assert "DATABASE_URL logs in as laudo_platform" in only(found, "database")[1]
    assert "PLATFORM_DATABASE_URL logs in as laudo_app" in only(found, "platform")[1]


def test_a_schema_open_to_public(base, tmp_path):
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


def test_servers_that_are_down(tmp_path):
    nowhere = {
        "database_url": "postgresql://laudo_app@127.0.0.1:1/none",
        "platform_database_url": "postgresql://laudo_platform@127.0.0.1:1/none",
        "redis_url": "redis://127.0.0.1:1/0",
    }
    with installed("none", tmp_path, **nowhere) as app:
        found = checked(app)
        result = app.test_cli_runner().invoke(args=["check", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"]) == (1, False)
    assert {one["part"] for one in report["findings"]} >= {*found, "pdf", "disk", "built"}
    assert "look at host, name and password in DATABASE_URL" in only(found, "database")[1]
    assert "look at REDIS_URL" in only(found, "redis")[1]
    for part in ("database", "platform", "isolation", "migrations", "redis", "worker", "relay"):
        assert only(found, part)[0] == "wrong", part
    assert only(found, "storage")[0] == "ok"  # working parts are still reported


def test_no_background_processes(base, tmp_path):
    with (
        test_servers.current().lend_redis() as redis_url,
        installed(base, tmp_path, redis_url=redis_url) as app,
    ):
        found = checked(app)
    assert "start `flask worker`" in only(found, "worker")[1]
    assert "start `flask relay`" in only(found, "relay")[1]


def test_a_redis_that_evicts_and_does_not_persist(base, tmp_path):
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
    # In replica mode, no foreign key is checked.
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


def test_waiting_mails_are_told_apart_from_stuck_work(base, tmp_path):
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


def test_a_storage_path_that_is_not_a_folder(base, tmp_path):
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
def test_bad_settings(tmp_path, settings, part, level, words):
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


def test_the_mail_server_is_contacted_without_sending(base, tmp_path):
    with smtp_sink() as sink:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_security": "none"}
        with installed(base, tmp_path, **mail) as app:
            assert only(checked(app), "mail")[0] == "ok"
        assert sink.verbs and sink.taken == []
        # A server without the required encryption gets no password.
        mail |= {"smtp_security": "starttls", "smtp_user": "laudo", "smtp_password": GOOD_KEY}
        with installed(base, tmp_path, **mail) as app:
            level, sentence = only(checked(app), "mail")
    assert level == "wrong"
    assert "SMTP_SECURITY" in sentence and GOOD_KEY not in sentence
    assert "AUTH" not in sink.verbs

"""Preparing and serving: `flask up`, `flask worker`, `flask relay`."""

from __future__ import annotations

import os
import signal
import threading

import click
import psycopg2
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import database_roles as roles
from app.commands.migrating import migrate
from app.commands.seed import demo_logins, seed_demo
from app.config import MigrationSettings
from app.jobs import relay as relay_process
from app.mail.transport import describe_destination
from app.tenancy import check_app_role


@click.command("up")
@click.option("--demo", is_flag=True, help="Then make the demo companies, once.")
@click.option("--greet", is_flag=True, help="Then print the address and the demo logins.")
@with_appcontext
def up(demo: bool, greet: bool) -> None:
    """Prepare the database: check that the roles exist, migrate, set the roles' time-outs."""
    _migrate()
    _set_timeouts()
    # One process for all three, because loading the app takes most of the time of each.
    if demo:
        seed_demo()
    if greet:
        _greet()


def _migrate() -> None:
    url = MigrationSettings().migration_database_url  # type: ignore[call-arg]
    connection = psycopg2.connect(_dsn(url))
    try:
        missing = roles.missing_roles(connection)
    finally:
        connection.close()
    if missing:
        click.echo(
            f"The database lacks the roles {', '.join(missing)}. As its administrator run:\n\n"
            + roles.roles_to_make_by_hand(),
            err=True,
        )
        raise SystemExit(1)
    migrate(url)
    check_app_role()


def _set_timeouts() -> None:
    """After the roles were checked: a mightier role must not be cut off after 15 s."""
    for variable in ("DATABASE_URL", "PLATFORM_DATABASE_URL"):
        try:
            roles.set_timeouts(_dsn(current_app.config[variable]))
        except psycopg2.OperationalError as error:
            click.echo(f"The time-outs of {variable}'s role could not be set: {error}", err=True)
            raise SystemExit(1) from error


def _dsn(url: str) -> str:
    return url.replace("+psycopg2", "", 1)


@click.command("worker")
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
@with_appcontext
def worker(burst: bool) -> None:
    """Do background work (photos, PDFs, mails, previews, exports) until stopped."""
    # Imported here because WeasyPrint takes most of a second and no other command needs it.
    from app.jobs import worker as worker_process

    check_app_role()
    worker_process.work(_app(), burst=burst)


@click.command("relay")
@with_appcontext
def relay() -> None:
    """Queue work whose wake-up was lost, until stopped."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if address := current_app.config["METRICS_BIND"]:
        from app.jobs import exporter

        exporter.serve(_app(), address)
    check_app_role()
    relay_process.run_forever(_app(), stop)


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def _greet() -> None:
    """Print Laudo's address and, on a demo database, the logins."""
    click.echo(f"\nLaudo answers at {current_app.config['BASE_URL']}\n")
    for login in demo_logins():
        click.echo(f"  {login}")
    click.echo(f"\nMails go {describe_destination()}")
    if code := os.environ.get("LAN_QR"):
        click.echo("\n" + code)
    click.echo("\nCtrl-C stops everything.\n")


COMMANDS = (up, worker, relay)

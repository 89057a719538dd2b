"""An installation to check: an app on a clone of the model database, and SQL as its superuser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from flask import Flask

from app import create_app
from app.extensions import db
from tests.conftest import settings_for
from tests.support import servers as test_servers

GOOD_KEY = "kZ8#vQ2m!pX5wR9t@bN4cL7y^dF1gH3j"
HOSTED = {"base_url": "https://laudo.test", "trusted_hosts": "laudo.test"}


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

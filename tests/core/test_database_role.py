"""No process works with a database role that can bypass row-level security."""

from __future__ import annotations

import pytest

from app import create_app
from app.database_roles import APP, BACKUP, OWNER
from app.jobs import relay
from app.tenancy import UnsafeDatabaseRole, check_app_role
from tests.conftest import settings_for
from tests.support import servers as test_servers


def app_as(role, database, folder):
    url = test_servers.current().url(role, database)
    return create_app(settings_for(database, folder, database_url=url))


@pytest.mark.parametrize("role", [OWNER, BACKUP])
def test_a_privileged_role_gets_no_connection(role, database, tmp_path):
    app = app_as(role, database, tmp_path)
    with app.app_context():
        with pytest.raises(UnsafeDatabaseRole, match=role):
            check_app_role()
        with pytest.raises(UnsafeDatabaseRole):
            relay.feed(app)


def test_the_apps_own_role_works(database, tmp_path):
    app = app_as(APP, database, tmp_path)
    with app.app_context():
        check_app_role()
        assert relay.feed(app) == 0


def test_an_unreachable_database_does_not_stop_the_start(tmp_path):
    """Otherwise a web process restarted meanwhile would exit instead of answering 503."""
    app = create_app(settings_for("x", tmp_path, database_url="postgresql://a:b@127.0.0.1:1/x"))
    with app.app_context():
        check_app_role()

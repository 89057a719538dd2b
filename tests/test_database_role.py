"""No process of ours works with a role that row-level security does not bind."""

from __future__ import annotations

import pytest

from app import create_app
from app.database_roles import APP, BACKUP, OWNER
from app.jobs import relay
from app.tenancy import UnsafeDatabaseRole, check_app_role
from tests import servers as test_servers
from tests.conftest import settings_for


def app_as(role, database, folder):
    url = test_servers.current().url(role, database)
    return create_app(settings_for(database, folder, database_url=url))


@pytest.mark.parametrize("role", [OWNER, BACKUP])
def test_a_mighty_role_gets_no_connection_anywhere(role, database, tmp_path):
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


def test_a_database_that_is_away_stops_no_start(tmp_path):
    """Else a web that was restarted meanwhile would be gone instead of answering 503."""
    app = create_app(settings_for("x", tmp_path, database_url="postgresql://a:b@127.0.0.1:1/x"))
    with app.app_context():
        check_app_role()

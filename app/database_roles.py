"""The database roles: owner, application, platform and backup.

Used by `flask up`, the embedded server and the tests. Table grants are in the migrations. The app
never creates roles while serving.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg2
from psycopg2 import extensions, sql

OWNER = "laudo_owner"
APP = "laudo_app"
PLATFORM = "laudo_platform"
BACKUP = "laudo_backup"

# BYPASSRLS lets the owner see every row, so that migrations can validate new foreign keys.
ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    PLATFORM: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    BACKUP: "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
}

# Of the roles that serve, as PostgreSQL prints them. A role's own settings also hold behind a
# pooler that gives one connection to many clients in turn.
TIMEOUTS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
# Two `flask up` at once would fail when they change the settings of one role.
TIMEOUTS_LOCK = 7_205_014


def missing_roles(connection: extensions.connection) -> list[str]:
    """The roles in ATTRIBUTES that are missing on the server."""
    with connection.cursor() as cursor:
        cursor.execute("select rolname from pg_roles where rolname = any(%s)", (list(ATTRIBUTES),))
        present = {name for (name,) in cursor.fetchall()}
    return [role for role in ATTRIBUTES if role not in present]


def create_role_sql(role: str, password: str) -> sql.Composed:
    return sql.SQL("create role {} {} password {}").format(
        sql.Identifier(role), sql.SQL(ATTRIBUTES[role]), sql.Literal(password)
    )


def ensure_roles(superuser_dsn: str, passwords: Mapping[str, str]) -> None:
    """Create the missing roles and set each password; needs a superuser or CREATEROLE."""
    connection = psycopg2.connect(superuser_dsn)
    try:
        with connection, connection.cursor() as cursor:
            for role in missing_roles(connection):
                cursor.execute(create_role_sql(role, passwords[role]))
            for role in ATTRIBUTES:
                cursor.execute(
                    sql.SQL("alter role {} password {}").format(
                        sql.Identifier(role), sql.Literal(passwords[role])
                    )
                )
    finally:
        connection.close()


def set_timeouts(dsn: str) -> None:
    """Give the role of this login its time-outs in this database. Every role may do so for itself.

    Open connections keep the earlier values.
    """
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (TIMEOUTS_LOCK,))
            cursor.execute("select current_database()")
            (database,) = cursor.fetchone() or ("",)
            for name, value in TIMEOUTS.items():
                cursor.execute(
                    sql.SQL("alter role current_user in database {} set {} = {}").format(
                        sql.Identifier(database), sql.Identifier(name), sql.Literal(value)
                    )
                )
    finally:
        connection.close()


def ensure_database(superuser_dsn: str, name: str) -> None:
    """Create the database, owned by the owner role, if it is missing."""
    connection = psycopg2.connect(superuser_dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL(
                        "create database {} owner {} template template0 encoding 'UTF8'"
                    ).format(sql.Identifier(name), sql.Identifier(OWNER))
                )
    finally:
        connection.close()


def roles_to_make_by_hand() -> str:
    """The SQL for a database administrator to run if `flask up` may not create roles."""
    lines = [
        f"create role {role} {attributes} password '...';"
        for role, attributes in ATTRIBUTES.items()
    ]
    return "\n".join(lines)

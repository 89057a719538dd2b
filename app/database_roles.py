"""The database roles: who owns, who serves, who runs the platform, who backs up.

Used by `flask up`, by the embedded server and by the tests; grants on tables stand in the
migrations. The app never creates roles while serving.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg2
from psycopg2 import extensions, sql

OWNER = "laudo_owner"
APP = "laudo_app"
PLATFORM = "laudo_platform"
BACKUP = "laudo_backup"

# BYPASSRLS on the owner lets a migration's new foreign key see, and so validate, every row.
ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    PLATFORM: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    BACKUP: "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
}


def missing_roles(connection: extensions.connection) -> list[str]:
    """The roles of ATTRIBUTES that the server lacks."""
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


def ensure_database(superuser_dsn: str, name: str) -> None:
    """Create the database, owned by the owner role, where it is missing."""
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
    """The SQL that a database administrator runs where `flask up` may not create roles."""
    lines = [
        f"create role {role} {attributes} password '...';"
        for role, attributes in ATTRIBUTES.items()
    ]
    return "\n".join(lines)

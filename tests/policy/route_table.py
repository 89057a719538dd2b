"""The table of routes (routes.csv), and the URL map of the built app."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import uuid4

TABLE = Path(__file__).with_name("routes.csv")


# These log the client in or out.
CHANGE_THE_CLIENT = {"auth.logout", "auth.login"}


def views(app):
    return {name: view for name, view in app.view_functions.items() if name != "static"}


def table() -> dict[str, set[str]]:
    with TABLE.open() as file:
        return {row["endpoint"]: set(row["roles"].split()) for row in csv.DictReader(file)}


def for_other_admins() -> dict[str, str]:
    with TABLE.open() as file:
        return {row["endpoint"]: row["other_admin"] for row in csv.DictReader(file)}


def addresses(app):
    """A URL for every endpoint and method, with random ids: guards run before look-ups."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        values = {}
        for argument in rule.arguments:
            converter = rule._converters[argument]
            words = sorted(getattr(converter, "items", ()))
            is_uuid = type(converter).__name__ == "UUIDConverter"
            values[argument] = uuid4() if is_uuid else next(iter(words), "x")
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        for method in methods_of(rule):
            yield rule.endpoint, method, url


def methods_of(rule):
    """OPTIONS reads and writes nothing, and HEAD is a GET if there is one."""
    extra = {"OPTIONS", "HEAD"} if "GET" in rule.methods else {"OPTIONS"}
    return sorted(rule.methods - extra)

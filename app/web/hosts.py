"""Lets load balancers check health by IP address, which is not a trusted host name.

The two health addresses do not use the host name in their response, so any name is accepted there.
All other pages refuse untrusted names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ASKED_BY_ADDRESS = frozenset({"/health", "/health/ready"})


class HealthByAddress:
    """Replaces the host name of a health request with the first trusted name."""

    def __init__(self, app: WSGIApplication, name: str) -> None:
        self._app = app
        self._name = name

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in ASKED_BY_ADDRESS:
            environ["HTTP_HOST"] = self._name
        return self._app(environ, start)


def init_app(app: Flask) -> None:
    if names := app.config["TRUSTED_HOSTS"]:
        # A name that begins with a dot matches all names that end with it.
        app.wsgi_app = HealthByAddress(app.wsgi_app, names[0].lstrip("."))  # type: ignore[assignment, method-assign]

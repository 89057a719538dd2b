"""Load balancers ask for health by a machine's IP address, which is no trusted host's name.

The two addresses of health name no host in their answer, so they may be asked under any name;
every other page refuses a name that is not ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ASKED_BY_ADDRESS = frozenset({"/health", "/health/ready"})


class HealthByAddress:
    """Gives a request for health the first trusted name, whichever it came under."""

    def __init__(self, app: WSGIApplication, name: str) -> None:
        self._app = app
        self._name = name

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in ASKED_BY_ADDRESS:
            environ["HTTP_HOST"] = self._name
        return self._app(environ, start)


def init_app(app: Flask) -> None:
    if names := app.config["TRUSTED_HOSTS"]:
        # A name that begins with a dot stands for all names that end with it.
        app.wsgi_app = HealthByAddress(app.wsgi_app, names[0].lstrip("."))  # type: ignore[assignment, method-assign]

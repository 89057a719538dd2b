"""Addresses that answer everybody as nobody, and the headers of those that no search engine lists.

An unknown address below such a page, a wrong method and a failure belong to it: whoever meets an
error there gets no cookie either, and the same headers. The marks are set by web/guards.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request

from app.extensions import login_manager

ADDRESSES = "laudo_impersonal_addresses"
# The address holds a secret or leads to a company's report: it stays with its reader.
UNLISTED = {"X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Address:
    """The fixed first part of a rule's address. If it is the whole, nothing lies below it."""

    start: str
    is_whole: bool
    is_unlisted: bool

    def has(self, path: str) -> bool:
        return path == self.start if self.is_whole else path.startswith(self.start)


def is_impersonal() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None:
        return getattr(view, "impersonal", False)
    return any(one.has(request.path) for one in _addresses())


def is_unlisted() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None:
        return getattr(view, "unlisted", False)
    return any(one.is_unlisted and one.has(request.path) for one in _addresses())


def _addresses() -> tuple[Address, ...]:
    """Those of the built app; looked for once, when an address is first unknown."""
    known: tuple[Address, ...] | None = current_app.extensions.get(ADDRESSES)
    if known is None:
        views = current_app.view_functions
        known = tuple(
            Address(start, not rest, getattr(views[rule.endpoint], "unlisted", False))
            for rule in current_app.url_map.iter_rules()
            if getattr(views.get(rule.endpoint), "impersonal", False)
            for start, _, rest in [rule.rule.partition("<")]
        )
        current_app.extensions[ADDRESSES] = known
    return known


def _know_nobody() -> None:
    if is_impersonal():
        g._login_user = login_manager.anonymous_user()


def _finish(response: Response) -> Response:
    if is_unlisted():
        response.headers.update(UNLISTED)
        response.vary.add("Accept-Language")
    return response


def init_app(app: Flask) -> None:
    app.before_request(_know_nobody)
    app.after_request(_finish)

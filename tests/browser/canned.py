"""A fill page without a server: the real templates and scripts, with answers that a test chooses.

It shows what the scripts do when a server fails, is slow or is gone, which the real stack cannot
be made to do on command. Whole journeys belong to the tests against the stack.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from playwright.sync_api import Page, Request, Route

from app.definition.schema import Field, FieldType, Language, PhotoPolicy, SignatureRole, Text
from app.web.filters import unit_suffixes
from tests.assets.building import APP, DIST, manifest

MAX_UPLOAD = 1_000_000
ORIGIN = "http://localhost"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
FIELDS = [
    Field(id="serial", type=FieldType.TEXT, label=Text(en="Serial number")),
    Field(id="tight", type=FieldType.VERDICT, label=Text(en="Tight?"), photos=PhotoPolicy(max=5)),
]
PAGE = """
{% extends "layouts/base.html" %}
{% from "components/_field.html" import field_card %}
{% from "components/_field_input.html" import field_input %}
{% from "components/_field_photos.html" import field_photos, ways_to_add %}
{% from "components/_signature.html" import signature_form %}
{% block content %}
  {% for one in fields %}
    {{ field_card("/save/" ~ one.id, csrf_token(), one, field_input(one, none, languages),
                  status(one.id, "empty", versions[one.id]),
                  field_photos("/photos/" ~ one.id, one, csrf_token(), ways_to_add())) }}
  {% endfor %}
  {{ signature_form("/sign", role, languages) }}
{% endblock %}
"""
LOGIN = """
{% extends "layouts/auth.html" %}
{% block content %}
  <div data-login-step>
    <form method="post" action="/login">
      <input type="password" name="password"><button>Log in</button>
    </form>
  </div>
{% endblock %}
"""


@dataclass
class Answer:
    status: int = 200
    body: str = ""
    media_type: str = "text/html"
    is_cut: bool = False


@dataclass
class Canned:
    """`answer` makes the answer to each post; `posts` holds (path, body) of all that arrived."""

    answer: Callable[[str, dict[str, str]], Answer] = lambda path, form: Answer()
    token: str = "first-token"
    versions: dict[str, int] = field(default_factory=lambda: {one.id: 0 for one in FIELDS})
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    is_logged_in: bool = True
    # Somebody logged in from another tab: /login leads on to a page of the new session.
    is_back: bool = False
    # Statuses of the next log-ins that fail with a page that has no form.
    failed_logins: list[int] = field(default_factory=list)
    # What a page asks for by itself, by path, and how often it did.
    fragments: dict[str, str] = field(default_factory=dict)
    polls: list[str] = field(default_factory=list)

    def open(self, page: Page) -> None:
        page.route(f"{ORIGIN}/**", self._handle)
        page.goto(f"{ORIGIN}/fill")
        page.wait_for_selector("[data-field-form][data-htmx-powered]")
        page.wait_for_load_state("networkidle")

    def saves(self) -> list[dict[str, str]]:
        return [form_of(body) for path, body in self.posts if path.startswith("/save/")]

    def saved(self, path: str, form: dict[str, str]) -> Answer:
        """What a server does with a good save."""
        name = path.rsplit("/", 1)[-1]
        self.versions[name] = int(form["row_version"]) + 1
        return Answer(body=status(name, "saved", self.versions[name]))

    def _handle(self, route: Route, request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith("/static/dist/"):
            return _asset(route, path.removeprefix("/static/dist/"))
        if path in self.fragments:
            self.polls.append(path)
            return route.fulfill(body=self.fragments[path], content_type="text/html;charset=utf-8")
        if request.method == "GET":
            return self._page(route, path)
        if path == "/login":
            if self.failed_logins:
                return route.fulfill(status=self.failed_logins.pop(0), body="<h1>Sorry</h1>")
            self._log_in()
            return self._page(route, "/fill")
        body = request.post_data_buffer or b""
        self.posts.append((path, body))
        answer = self.answer(path, form_of(body)) if self.is_logged_in else Answer(401)
        if answer.is_cut:
            return route.abort("connectionreset")
        return route.fulfill(
            status=answer.status,
            body=answer.body,
            content_type=f"{answer.media_type};charset=utf-8",
        )

    def _log_in(self) -> None:
        self.is_logged_in, self.token = True, "second-token"

    def _page(self, route: Route, path: str) -> None:
        if path == "/login" and self.is_back:
            self._log_in()
            path = "/fill"
        source = LOGIN if path == "/login" else PAGE
        body = _environment(self.token, is_known=path != "/login").from_string(source).render(
            fields=FIELDS, languages=(Language.EN,), status=status, versions=self.versions,
            role=SignatureRole(id="tech", label=Text(en="Technician")),
        )  # fmt: skip
        headers = {"Content-Security-Policy": POLICY}
        route.fulfill(body=body, content_type="text/html;charset=utf-8", headers=headers)


def status(name: str, state: str, version: int, inner: str = "") -> Any:
    """The region that an answer to a save replaces, by its contract with fill.js."""
    return Markup(
        f'<div class="field-status" id="status-{name}" data-field-status data-state="{state}">'
        f'<span class="save-mark"><span data-save-words>{state}</span></span>{inner}'
        f'<input type="hidden" name="row_version" value="{version}"></div>'
    )


def form_of(body: bytes) -> dict[str, str]:
    """The text fields of a posted form, urlencoded or multipart."""
    if not body.startswith(b"--"):
        return {name: values[0] for name, values in parse_qs(body.decode(), True).items()}
    pattern = rb'name="(\w+)"\r\n\r\n(.*?)\r\n--'
    return {name.decode(): value.decode() for name, value in re.findall(pattern, body, re.S)}


def _asset(route: Route, name: str) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    route.fulfill(body=(DIST / name).read_bytes(), content_type=kind)


def _environment(token: str, *, is_known: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(APP / "templates"), extensions=["jinja2.ext.i18n"],
        autoescape=True, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda words: words, lambda one, many, number: one if number == 1 else many, newstyle=True
    )
    made.filters.update(decimal_text=lambda value: str(Decimal(value)), sentence=str, dt=str,
                        unit_suffixes=unit_suffixes,
                        short_time=str, day=str)  # fmt: skip
    made.globals.update(
        asset_url=lambda name: f"/static/dist/{manifest()[name]}",
        url_for=_url_for,
        csrf_token=lambda: token,
        html_lang=lambda: "en",
        request_id=lambda: "request",
        brand_css_url=lambda: None,
        nav_items=list,
        read_only_sentence=lambda: None,
        open_looks=list,
        max_upload_bytes=MAX_UPLOAD,
        get_flashed_messages=lambda **_: [],
        current_user=SimpleNamespace(
            is_authenticated=is_known,
            id="me",
            name="Ana",
            tenant=None,
            support=None,
            is_support=False,
        ),
    )
    return made


def _url_for(endpoint: str, **values: str) -> str:
    known = {"photos.upload": "/photos/", "auth.login": "/login"}
    return known.get(endpoint, "/") + values.get("field_id", "")

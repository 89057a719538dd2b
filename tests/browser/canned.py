"""A fill page without a server: the real templates and scripts, with answers chosen by the test.

It tests the scripts with a failing, slow or missing server, which the real stack cannot simulate.
Complete workflows belong to the tests against the stack.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup
from playwright.sync_api import Page, Request, Route

from app import words
from app.definition.schema import Field, FieldType, Language, PhotoPolicy, SignatureRole, Text
from app.web.filters import unit_suffixes
from tests.assets.building import APP, DIST, manifest, shared_scripts

MAX_UPLOAD = 1_000_000
ORIGIN = "http://localhost"
REPORT = "11111111-1111-4111-8111-111111111111"
OPERATIONS = f"/reports/{REPORT}/operations"
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
{% block head %}<meta name="report" content="{{ report }}" data-name="R-7">{% endblock %}
{% from "components/_field.html" import field_card %}
{% from "components/_field_input.html" import field_input %}
{% from "components/_field_photos.html" import field_photos, ways_to_add %}
{% from "components/_signature.html" import signature_form %}
{% block content %}
  {% include "reports/_submit_here.html" %}
  {% for one in fields %}
    {{ field_card("/save/" ~ one.id, csrf_token(), one, field_input(one, none, languages),
                  status(one.id, "empty", versions[one.id]),
                  field_photos("/photos/" ~ one.id, one, csrf_token(), ways_to_add())) }}
  {% endfor %}
  <article id="signature-tech" data-signature-place>{{ signature_form("/sign", role, languages) }}</article>
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
    """`answer` makes the answer to each operation; `posts` has the bodies of all of them, and
    `uploads` the bytes of the photos by client id."""

    answer: Callable[[dict[str, str]], Answer] = lambda form: Answer()
    token: str = "first-token"
    versions: dict[str, int] = field(default_factory=lambda: {one.id: 0 for one in FIELDS})
    posts: list[bytes] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    is_logged_in: bool = True
    # Logged in from another tab: /login redirects to a page of the new session.
    is_back: bool = False
    # Statuses of the next log-ins that fail with a page that has no form.
    failed_logins: list[int] = field(default_factory=list)
    # The answers to a page's own GET requests by path, and their counts.
    fragments: dict[str, str] = field(default_factory=dict)
    polls: list[str] = field(default_factory=list)
    # While `is_slow`, polls wait for `release`.
    is_slow: bool = False
    waiting: list[Route] = field(default_factory=list)

    def open(self, page: Page) -> None:
        page.route(f"{ORIGIN}/**", self._handle)
        page.goto(f"{ORIGIN}/fill")
        page.wait_for_selector("html[data-parts=started]")
        page.wait_for_load_state("networkidle")

    def sent(self, kind: str = "") -> list[dict[str, str]]:
        """The operations that arrived, of one kind or of all."""
        forms = [form_of(body) for body in self.posts]
        return [form for form in forms if kind in ("", form["kind"])]

    def saved(self, form: dict[str, str]) -> Answer:
        """The answer of a server that accepts the operation."""
        if form["kind"] == "photo":
            digest = hashlib.sha256(self.uploads[form["client_id"]]).hexdigest()
            card = '<li class="photo-card" id="taken" data-photo="p1">Taken</li>'
            return verdict(form, fragment=card, sha256=digest, placement="p1")
        if form["kind"] == "signature":
            return verdict(form, fragment='<p id="taken">Signed</p>')
        if form["kind"] != "answer":
            return verdict(form)
        name = form["field_id"]
        self.versions[name] += 1
        version = self.versions[name]
        return verdict(form, fragment=status(name, "saved", version), row_version=version)

    def _handle(self, route: Route, request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith("/static/dist/"):
            return _asset(route, path.removeprefix("/static/dist/"))
        if path == "/session.json":
            return self._session(route)
        if path.endswith("/pulse"):
            return route.fulfill(status=204)
        if path in self.fragments:
            self.polls.append(path)
            return self.waiting.append(route) if self.is_slow else self._fragment(route)
        if request.method == "GET":
            return self._page(route, path)
        if path == "/login":
            if self.failed_logins:
                return route.fulfill(status=self.failed_logins.pop(0), body="<h1>Sorry</h1>")
            self._log_in()
            return self._page(route, "/fill")
        if not self.is_logged_in:
            return route.fulfill(status=401, body="")
        if request.headers.get("x-csrftoken") != self.token:
            return route.fulfill(status=400, body="Too old.", content_type="text/plain")
        body = request.post_data_buffer or b""
        if path.startswith("/uploads"):
            return self._receive(route, request, body)
        assert path == OPERATIONS, path
        self.posts.append(body)
        return _fulfill(route, self.answer(form_of(body)))

    def release(self) -> None:
        """Answer the polls that wait."""
        self.is_slow = False
        while self.waiting:
            self._fragment(self.waiting.pop())

    def _fragment(self, route: Route) -> None:
        fragment = self.fragments[urlsplit(route.request.url).path]
        route.fulfill(body=fragment, content_type="text/html;charset=utf-8")

    def _receive(self, route: Route, request: Request, body: bytes) -> None:
        headers = request.headers
        if "upload-metadata" in headers:
            word = headers["upload-metadata"].split(",")[0].split(" ")[1]
            client_id = base64.b64decode(word).decode()
            self.uploads.setdefault(client_id, b"")
        else:
            client_id = request.url.rsplit("/", 1)[-1]
        self.uploads[client_id] += body
        code = 201 if request.method == "POST" else 204
        place = {"Upload-Offset": str(len(self.uploads[client_id]))}
        return route.fulfill(status=code, headers=place)

    def _session(self, route: Route) -> None:
        if self.is_back:
            self._log_in()
        known = {"account": "me", "csrf_token": self.token, "name": "Ana"}
        said = known if self.is_logged_in else {"account": None}
        code = 200 if self.is_logged_in else 401
        route.fulfill(status=code, body=json.dumps(said), content_type="application/json")

    def _log_in(self) -> None:
        self.is_logged_in, self.token = True, "second-token"

    def _page(self, route: Route, path: str) -> None:
        if path == "/login" and self.is_back:
            self._log_in()
            path = "/fill"
        source = LOGIN if path == "/login" else PAGE
        _csrf_token.set(self.token)
        body = _template(source, is_known=path != "/login").render(
            fields=FIELDS,
            report=REPORT,
            languages=(Language.EN,),
            status=status,
            versions=self.versions,
            role=SignatureRole(id="tech", label=Text(en="Technician")),
        )
        headers = {"Content-Security-Policy": POLICY}
        route.fulfill(body=body, content_type="text/html;charset=utf-8", headers=headers)


def status(name: str, state: str, version: int, inner: str = "") -> Any:
    """The region that an answer replaces, as fill.js expects it."""
    return Markup(
        f'<div class="field-status" id="status-{name}" data-field-status data-state="{state}">'
        f'<span class="save-mark"><span data-save-words>{state}</span></span>{inner}'
        f'<input type="hidden" name="row_version" value="{version}"></div>'
    )


def verdict(form: dict[str, str], said: str = "applied", **more: Any) -> Answer:
    """A verdict on the operation in `form`."""
    made = {
        "client_id": form["client_id"],
        "verdict": said,
        "was": None,
        "kind": form["kind"],
        "field_id": form.get("field_id", ""),
        "block": "",
        "row_version": None,
        "placement": None,
        "conflict": None,
        "at": datetime.now(UTC).isoformat(),
        "sentence": "",
        "status": 200,
        "needs": None,
        "fragment": "",
        "redirect": None,
    }
    return Answer(body=json.dumps(made | more), media_type="application/json")


def _fulfill(route: Route, answer: Answer) -> None:
    if answer.is_cut:
        return route.abort("connectionreset")
    kind = answer.media_type
    kind = kind if kind == "application/json" else f"{kind};charset=utf-8"
    headers = {"Content-Type": kind, "Laudo-Operations": "1"}
    return route.fulfill(status=answer.status, body=answer.body, headers=headers)


def form_of(body: bytes) -> dict[str, str]:
    """The text fields of a posted form, urlencoded or multipart."""
    if not body.startswith(b"--"):
        return {name: values[0] for name, values in parse_qs(body.decode(), True).items()}
    pattern = rb'name="(\w+)"\r\n\r\n(.*?)\r\n--'
    return {name.decode(): value.decode() for name, value in re.findall(pattern, body, re.S)}


def _asset(route: Route, name: str) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    route.fulfill(body=(DIST / name).read_bytes(), content_type=kind)


def _english_words() -> SimpleNamespace:
    """The word lists outside an app: every list in English."""
    lists = {name: one for name, one in vars(words).items() if isinstance(one, words.WordList)}
    return SimpleNamespace(
        **{
            name: SimpleNamespace(word=lambda member, one=one: one.word_in(member, "en"))
            for name, one in lists.items()
        }
    )


# The token of the page that is rendered: macros see only what the environment has.
_csrf_token: ContextVar[str] = ContextVar("csrf_token")


@cache
def _template(source: str, *, is_known: bool) -> Template:
    """Compiled once for all tests: compiling takes longer than rendering all pages of one."""
    return _environment(is_known=is_known).from_string(source)


def _environment(*, is_known: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(APP / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda words: words, lambda one, many, number: one if number == 1 else many, newstyle=True
    )
    made.filters.update(
        decimal_text=lambda value: str(Decimal(value)),
        sentence=str,
        dt=str,
        unit_suffixes=unit_suffixes,
        short_time=str,
        day=str,
    )
    made.globals.update(
        asset_url=lambda name: f"/static/dist/{manifest()[name]}",
        shared_scripts=lambda: [f"/static/dist/{manifest()[name]}" for name in shared_scripts()],
        drawn_at=lambda: datetime.now(UTC).isoformat(),
        url_for=_url_for,
        csrf_token=_csrf_token.get,
        html_lang=lambda: "en",
        word_lists=_english_words(),
        request_id=lambda: "request",
        brand_css_url=lambda: None,
        nav_items=list,
        read_only_sentence=lambda: None,
        open_support_accesses=list,
        max_upload_bytes=MAX_UPLOAD,
        get_flashed_messages=lambda **_: [],
        script_words=lambda: Markup(made.get_template("components/_words.html").render()),
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

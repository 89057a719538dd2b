"""Routes of the public page. No session is read and no cookie set: the reader's language comes from
the address or the browser."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, request, url_for
from flask_limiter import RequestLimit

from app.checking import blueprint
from app.checking.queries import Verdict, check
from app.checking.showing import LOOKS, company_time
from app.config import ROOT
from app.web.fragments import render_text
from app.web.guards import unlisted
from app.web.locale import address_locale, reading_order
from app.web.tries import Allowance, address_key, always, counted
from app.words import OUTCOMES

VERIFIER = ROOT / "verifier" / "laudo_verify.py"


def _too_many(_limit: RequestLimit) -> Response:
    response = _page("checking/too_many.html", status=429)
    response.headers["Retry-After"] = "60"
    return response


def _allowed() -> str:
    return f"{current_app.config['CHECKS_PER_MINUTE']} per minute"


limits_checks = counted(
    "check", Allowance(_allowed, address_key), on_breach=_too_many, is_wrong=always
)


@blueprint.get("/v/")
@unlisted
@limits_checks
def index() -> Response:
    """Asks for the address of a report; the form leads to its page."""
    if typed := request.args.get("code", "").strip():
        token = typed.rstrip("/").rpartition("/")[2] or typed
        there = url_for(".show", token=token[:200], lang=address_locale())
        return make_response(redirect(there, 303))
    return _page("checking/index.html")


@blueprint.get("/v/<path:token>")
@unlisted
@limits_checks
def show(token: str) -> Response:
    found = check(token)
    status = 404 if found.verdict is Verdict.UNKNOWN else 200
    return _page("checking/show.html", status=status, found=found, token=token)


@blueprint.get("/laudo_verify.py")
@unlisted
def verifier() -> Response:
    """The program that checks PDFs and evidence bundles without this server."""
    response = make_response(VERIFIER.read_bytes())
    response.headers["Content-Type"] = "text/x-python; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _page(template: str, *, status: int = 200, **context: Any) -> Response:
    """The page in the language of the address, else the browser's. The reader is never looked up:
    the page is the same for everyone."""
    body = render_text(
        template,
        **context,
        looks=LOOKS,
        outcomes=OUTCOMES,
        company_time=company_time,
        title_of=lambda text: text.first(reading_order(tuple(type(text).model_fields))),
        chosen=address_locale(),
    )
    return make_response(body, status)

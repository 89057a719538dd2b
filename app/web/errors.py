"""Every refusal and failure in one place: a page, or a toast for htmx, with the request id."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from app.errors import DomainError
from app.extensions import db
from app.web.fragments import varied, wants_fragment
from app.web.headers import request_id

log = logging.getLogger(__name__)


def sentence_for(status: int) -> str:
    """What a status means, in words that say what to do next."""
    return {
        400: _("The page was too old or the request was not understood. Reload it and try again."),
        401: _("You are signed out. Sign in again; what you typed is kept."),
        403: _("Your role does not allow this."),
        404: _("There is nothing here, or it is not yours to see."),
        405: _("This address does not take that kind of request."),
        409: _("This changed in the meantime."),
        413: _(
            "That is larger than %(size)s MB, the most that one upload may be.",
            size=_limit(),
        ),
        422: _("Some values were not understood."),
        429: _("Too many tries. Wait a minute and try again."),
        503: _("Laudo is out of reach for a moment. Nothing you sent was stored; try again soon."),
    }.get(status, _("Something went wrong on our side. It has been written down."))


def _limit() -> int:
    return int(current_app.config["MAX_CONTENT_LENGTH"]) // (1024 * 1024)


def error_response(status: int, sentence: str, **headers: str) -> Response:
    """A JSON body for the API, a toast for htmx, else the error page."""
    if request.path.startswith("/api/"):
        body: Any = {"error": sentence, "request_id": request_id()}
        response = Response(json.dumps(body), status, content_type="application/json")
    elif wants_fragment() or request.headers.get("X-Requested-With") == "fetch":
        response = Response(sentence, status, content_type="text/plain; charset=utf-8")
        toast = {"toast": {"kind": "error", "text": sentence, "id": request_id()}}
        response.headers["HX-Trigger"] = json.dumps(toast)
    else:
        page = render_template("errors/error.html", status=status, sentence=sentence)
        response = make_response(page, status)
    response.headers.update(headers)
    return varied(response)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    headers = {"Retry-After": "60"} if status == 429 else {}
    return error_response(status, sentence_for(status), **headers)


def _domain(error: DomainError) -> Response:
    db.session.rollback()
    return error_response(error.status, translated(error))


def translated(error: DomainError) -> str:
    """The error's own sentence in the reader's language."""
    return _(error.sentence(), **error.params)


def _bad_data(error: DataError) -> Response:
    db.session.rollback()
    log.warning("refused by the database: %s", type(error.orig).__name__)
    return error_response(422, sentence_for(422))


def _unreachable(error: Exception) -> Response:
    db.session.rollback()
    log.error("database out of reach: %s", error)
    return error_response(503, sentence_for(503), **{"Retry-After": "5"})


def _unexpected(error: Exception) -> Response:
    # Roll back before drawing the page, and draw it without the session or the person: either
    # may be what broke.
    db.session.rollback()
    log.exception("unexpected, request %s", request_id())
    if request.path.startswith("/api/") or wants_fragment():
        return error_response(500, sentence_for(500))
    return make_response(
        render_template("errors/plain.html", sentence=sentence_for(500), request_id=request_id()),
        500,
    )


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, lambda error: error_response(400, sentence_for(400)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(DataError, _bad_data)
    app.register_error_handler(OperationalError, _unreachable)
    app.register_error_handler(TimeoutError, _unreachable)
    if not app.testing or app.config.get("CATCH_UNEXPECTED"):
        app.register_error_handler(Exception, _unexpected)

"""Renders every error: a page, a toast for htmx or JSON for the API, with the request id."""

from __future__ import annotations

import errno
import json
import logging
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, make_response, request
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from psycopg2.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    InternalServerError,
    SecurityError,
)

from app.errors import DomainError
from app.extensions import db, login_manager
from app.web.fragments import asked_by_script, render_text, varied
from app.web.headers import request_id
from app.web.impersonal import is_impersonal
from app.web.locale import local_day
from app.web.read_only import SupportReadsOnly

log = logging.getLogger(__name__)


def sentence_for(status: int) -> str:
    """A sentence that explains a status and says what to do next."""
    sentences: dict[int, str] = {
        400: _(
            "The page was out of date or the request was not understood. Reload it and try again."
        ),
        401: _("You are logged out. Log in again; what you typed is saved."),
        403: _("Your role does not allow this."),
        404: _("This page does not exist, or you do not have access to it."),
        405: _("This address does not accept that type of request."),
        408: _("The connection was too slow, and the data did not arrive complete. Try again."),
        409: _("This changed in the meantime."),
        411: _("The request does not state its size."),
        413: _(
            "That is %(sent)s MB. An upload can have at most %(size)s MB.",
            sent=_megabytes(request.content_length or 0),
            size=_megabytes(request.max_content_length or 0),
        ),
        422: _("Some values were not understood."),
        429: _("Too many attempts. Wait a minute and try again."),
        503: _("Laudo is temporarily unavailable. Nothing you sent was saved; try again soon."),
        507: _(
            "The server has no storage space for this right now. Nothing already "
            "stored is lost; try again later, and contact the Laudo operator."
        ),
    }
    return sentences.get(status) or str(
        _("Something went wrong on our side. The error was logged.")
    )


def _megabytes(size: int) -> str:
    return str(format_decimal(size / (1024 * 1024), "#,##0.#"))


def error_response(status: int, sentence: str, **headers: str) -> Response:
    """A JSON body for the API, a toast for htmx, else the error page."""
    if request.path.startswith("/api/"):
        body: Any = {"error": sentence, "request_id": request_id()}
        response = Response(json.dumps(body), status, content_type="application/json")
    elif asked_by_script():
        response = Response(sentence, status, content_type="text/plain; charset=utf-8")
        toast = {"toast": {"kind": "error", "text": sentence, "id": request_id()}}
        response.headers["HX-Trigger"] = json.dumps(toast)
    elif is_impersonal():
        # The other page has forms and ways back for people with an account.
        return _plain_page(status, sentence, **headers)
    else:
        page = render_text("errors/error.html", status=status, sentence=sentence)
        response = make_response(page, status)
    response.headers.update(headers)
    return varied(response)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return make_response(error.get_response())
    headers = {"Retry-After": "60"} if status == 429 else {}
    return error_response(status, sentence_for(status), **headers)


def _domain(error: DomainError) -> Response:
    db.session.rollback()
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return error_response(error.status, translated(error), **headers)


def translated(error: DomainError) -> str:
    """The error's sentence in the reader's language, with localised numbers and days."""
    params = {name: _written(value) for name, value in error.params.items()}
    if error.one:
        number = 1 if error.is_one else 2
        return str(ngettext(error.one, error.sentence(), number, **params))
    return str(_(error.sentence(), **params))


def _written(value: Any) -> Any:
    return local_day(value) if isinstance(value, datetime) else value


def _bad_data(error: DataError) -> Response:
    db.session.rollback()
    log.warning("refused by the database: %s", type(error.orig).__name__)
    return error_response(422, sentence_for(422))


def _wrong_host(_error: SecurityError) -> Response:
    """Plain text instead of a page: without a trusted host no URL can be built."""
    return Response(sentence_for(400), 400, content_type="text/plain; charset=utf-8")


def _unreachable(error: Exception) -> Response:
    _reset_request()
    # The first line names the failure; the rest is the statement.
    log.error("database out of reach: %s", str(error).partition("\n")[0])
    return _plain_response(503, **{"Retry-After": "5"})


def _database_error(error: DBAPIError) -> Response:
    """psycopg2 reports some lost connections with its base class; SQLAlchemy recognises them."""
    if isinstance(error.orig, ReadOnlySqlTransaction) and _is_support():
        return _domain(SupportReadsOnly())  # a page that also records who read it
    if not error.connection_invalidated:
        raise error
    return _unreachable(error)


def _os_error(error: OSError) -> Response:
    """The disk for temporary files is full. A full storage has its own error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    db.session.rollback()
    log.error("the local disk is full: %s", error)
    return error_response(507, sentence_for(507))


def _is_support() -> bool:
    return getattr(g.get("_login_user"), "is_support", False)


def _unexpected(error: InternalServerError) -> Response:
    # Flask has already logged the exception, with the request id that the page shows.
    _reset_request()
    return _plain_response(500)


def _reset_request() -> None:
    """Roll back and make the request anonymous: either may have failed, and the error page needs
    neither."""
    db.session.rollback()
    g._login_user = login_manager.anonymous_user()


def _plain_response(status: int, **headers: str) -> Response:
    sentence = sentence_for(status)
    if request.path.startswith("/api/") or asked_by_script():
        return error_response(status, sentence, **headers)
    return _plain_page(status, sentence, **headers)


def _plain_page(status: int, sentence: str, **headers: str) -> Response:
    page = render_text(
        "errors/plain.html", status=status, sentence=sentence, request_id=request_id()
    )
    return varied(make_response(page, status, headers))


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, lambda error: error_response(400, sentence_for(400)))
    # Phones retry this 4xx status automatically.
    app.register_error_handler(
        ClientDisconnected, lambda error: error_response(408, sentence_for(408))
    )
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(DataError, _bad_data)
    for unreachable in (OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(unreachable, _unreachable)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(OSError, _os_error)
    # For 500, not for Exception: in tests, Flask propagates unexpected exceptions.
    app.register_error_handler(InternalServerError, _unexpected)

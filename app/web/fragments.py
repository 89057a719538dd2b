"""Renders a whole page, or only the changed block for htmx, from one template."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from jinja2 import Template
from jinja2_fragments.flask import render_block

from app.transactions import reading_over


def wants_fragment() -> bool:
    """Whether htmx requests part of a page."""
    return bool(request.htmx)  # type: ignore[attr-defined]


# What a page shows; a browser asks for it with this in Sec-Fetch-Dest.
PARTS_OF_A_PAGE = frozenset({"audio", "font", "image", "script", "style", "video"})


def asked_by_script() -> bool:
    """Whether a script or an open page asks, not a person who goes to this address.

    The answer is then a status with a sentence. The log-in page would be of no use there, and it
    would begin another session than that of the log-in form which the person sees.
    """
    headers = request.headers
    asks = headers.get("X-Requested-With") == "fetch" or "Tus-Resumable" in headers
    return wants_fragment() or asks or headers.get("Sec-Fetch-Dest") in PARTS_OF_A_PAGE


def render_page(template: str, block: str, *, status: int = 200, **context: Any) -> Response:
    """The whole page, or only `block` for htmx. `Vary` keeps caches from mixing the two."""
    with reading_over():
        if wants_fragment():
            body = render_block(template, block, **context)
        else:
            body = render_template(template, **context)
    return varied(make_response(body, status))


def render_fragment(template: str, *, status: int = 200, **context: Any) -> Response:
    """Render a template that is itself a fragment (`_name.html`)."""
    return varied(make_response(render_text(template, **context), status))


def render_text(template: str | Template, **context: Any) -> str:
    """The rendered template. The transaction ends first: templates show what the route has read."""
    with reading_over():
        return render_template(template, **context)


def redirect_to(url: str) -> Response:
    """Redirect after a POST: 303 for a form, HX-Redirect for htmx, which would follow a 303 and
    swap the page in place."""
    if wants_fragment():
        return varied(Response(status=200, headers={"HX-Redirect": url}))
    return varied(make_response(redirect(url, code=303)))


def varied(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response

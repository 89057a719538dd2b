"""One source for a page and its regions: a page, or for htmx only the block that changed."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block


def wants_fragment() -> bool:
    """Whether htmx asks for part of a page."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def render_page(template: str, block: str, *, status: int = 200, **context: Any) -> Response:
    """The whole page, or its `block` for htmx. The two differ, so caches must not mix them."""
    if wants_fragment():
        body = render_block(template, block, **context)
    else:
        body = render_template(template, **context)
    return varied(make_response(body, status))


def render_fragment(template: str, *, status: int = 200, **context: Any) -> Response:
    """A template that is a fragment by itself (`_name.html`)."""
    return varied(make_response(render_template(template, **context), status))


def redirect_to(url: str) -> Response:
    """After a post: 303 for a form, HX-Redirect for htmx (a 303 would be swapped in place)."""
    if wants_fragment():
        return varied(Response(status=200, headers={"HX-Redirect": url}))
    return varied(make_response(redirect(url, code=303)))


def varied(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response

"""Removes or disables forms that a read-only company's routes would refuse.

A banner above the page states the reason (components/_read_only.html, _support.html). A form that
shows values stays visible but disabled; a form that only performs an action is removed. The guards
decide which writes are refused, so a new form needs no extra code.
"""

from __future__ import annotations

import html
import re

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from app.web.guards import is_write_refused

_CONFIRMED = r'<details class="confirm"[^>]*>\s*<summary\b[^>]*>(?:(?!</summary>).)*</summary>\s*'
_FORM = re.compile(
    rf"(?P<asking>{_CONFIRMED})?(?P<tag><form\b[^>]*>)(?P<inner>.*?)</form>(?(asking)\s*</details>)",
    re.DOTALL,
)
_TAG = re.compile(r"<[a-z][^>]*\b(?:hx-post|formaction)=[^>]*>")
_ADDRESS = re.compile(r'\b(?:action|hx-post|formaction)="([^"]*)"')
# Attributes that make a form or a button send something.
_SENDS = re.compile(
    r"\s(?:method|action|formaction|hx-[\w:-]+|data-[\w-]*form|data-signature|data-operation)"
    r"(?:=\"[^\"]*\"|='[^']*')?(?=[\s>])"
)
# Fields that show a value; a file input never does.
_SHOWS = re.compile(r'<(?:select|textarea)\b|<input\b(?![^>]*\btype="(?:hidden|file|submit)")')
# A button that links to a form, and the view names of forms with the views that accept them.
_LEADS = re.compile(r'<a\b(?=[^>]*\bclass="btn\b)[^>]*\bhref="([^"]*)"[^>]*>.*?</a>', re.DOTALL)
_WRITES = {
    "new": "create",
    "edit": "update",
    "fill": "save_answer",
    "review": "submit",
    "samples": "copy",
}


def without_refused(page: str) -> str:
    """The page without the forms that its reader cannot send, or with them disabled."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None

    def form(found: re.Match[str]) -> str:
        tag, inner = found["tag"], found["inner"]
        if 'method="post"' not in tag or not _is_refused(tag, adapter):
            return found[0]
        if not _SHOWS.search(inner):
            return ""
        disabled_tag = _SENDS.sub("", tag)
        if "data-field-form" in tag and (address := _ADDRESS.search(tag)):
            # fill.js shows input that the phone still holds for this question, without sending it.
            disabled_tag = f'{disabled_tag[:-1]} data-refused-field="{address[1]}">'
        return f'{disabled_tag}<fieldset class="refused" disabled>{inner}</fieldset></form>'

    def part(found: re.Match[str]) -> str:
        return _SENDS.sub("", found[0]) if _is_refused(found[0], adapter) else found[0]

    def lead(found: re.Match[str]) -> str:
        return "" if _leads_to_form(html.unescape(found[1]), adapter) else found[0]

    return _LEADS.sub(lead, _TAG.sub(part, _FORM.sub(form, page)))


def _is_refused(tag: str, adapter: MapAdapter) -> bool:
    return any(_leads_to_refusal(html.unescape(one), adapter) for one in _ADDRESS.findall(tag))


def _leads_to_refusal(address: str, adapter: MapAdapter) -> bool:
    endpoint = _endpoint(address, adapter, "POST")
    return endpoint is not None and is_write_refused(current_app.view_functions[endpoint])


def _leads_to_form(address: str, adapter: MapAdapter) -> bool:
    feature, _dot, verb = (_endpoint(address, adapter, "GET") or "").rpartition(".")
    view = current_app.view_functions.get(f"{feature}.{_WRITES.get(verb)}")
    return view is not None and is_write_refused(view)


def _endpoint(address: str, adapter: MapAdapter, method: str) -> str | None:
    try:
        endpoint, _values = adapter.match(re.split("[?#]", address)[0], method=method)
    except HTTPException:
        return None
    return str(endpoint)


def _strip_refused_forms(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    # If no person was loaded for this request, it is not a company page.
    person = g.get("_login_user")
    if person is None or not person.is_authenticated:
        return response
    if person.is_support or (person.tenant and person.tenant.is_read_only):
        response.set_data(without_refused(response.get_data(as_text=True)))
    return response


def init_app(app: Flask) -> None:
    app.after_request(_strip_refused_forms)

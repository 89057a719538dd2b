"""Forms on the pages of a company that can only be read: none is left that its route would refuse.

Why is said once, above the page (components/_read_only.html, _support.html). A form that shows
something keeps showing it and takes nothing; one that only acts is not there. Which writes are
refused is the guards' to say, so a new form needs nothing for this.
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
# What makes a form or a button of it send something.
_SENDS = re.compile(
    r"\s(?:method|action|formaction|hx-[\w:-]+|data-[\w-]*form|data-signature)"
    r"(?:=\"[^\"]*\"|='[^']*')?(?=[\s>])"
)
# What shows a value; a file is only ever taken.
_SHOWS = re.compile(r'<(?:select|textarea)\b|<input\b(?![^>]*\btype="(?:hidden|file|submit)")')
# A button that only leads to a form, and the verb that would take it.
_LEADS = re.compile(r'<a\b(?=[^>]*\bclass="btn\b)[^>]*\bhref="([^"]*)"[^>]*>.*?</a>', re.DOTALL)
_WRITES = {
    "new": "create", "edit": "update", "fill": "save_answer", "review": "submit", "samples": "copy",
}  # fmt: skip


def without_refused(page: str) -> str:
    """The page with what its reader cannot send taken out or disabled."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None

    def form(found: re.Match[str]) -> str:
        tag, inner = found["tag"], found["inner"]
        if 'method="post"' not in tag or not _is_refused(tag, adapter):
            return found[0]
        if not _SHOWS.search(inner):
            return ""
        quiet = _SENDS.sub("", tag)
        if "data-field-form" in tag and (address := _ADDRESS.search(tag)):
            # What a phone still keeps for this question is shown there (fill.js), and not sent.
            quiet = f'{quiet[:-1]} data-refused-field="{address[1]}">'
        return f'{quiet}<fieldset class="refused" disabled>{inner}</fieldset></form>'

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


def _take_out(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    # Whom nobody has looked up yet saw no page of a company's.
    person = g.get("_login_user")
    if person is None or not person.is_authenticated:
        return response
    if person.is_support or (person.tenant and person.tenant.is_read_only):
        response.set_data(without_refused(response.get_data(as_text=True)))
    return response


def init_app(app: Flask) -> None:
    app.after_request(_take_out)

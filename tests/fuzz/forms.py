"""The requests that the pages themselves offer: every form of every page, filled with valid values.

There is no list of routes and fields: a new form is found because it is on a page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote_from_bytes
from uuid import uuid4

from app.definition.workbook.sample import sample_workbook
from tests.support.cast import PASSWORD
from tests.support.pictures import a_jpeg, a_png

APP = Path(__file__).resolve().parents[2] / "app"
STROKES = b'{"width": 300, "height": 150, "strokes": [[[1, 2, 3], [140.5, 60, 70]]]}'


@dataclass(frozen=True)
class File:
    name: str
    filename: str
    data: bytes
    media_type: str


@dataclass
class Form:
    """One form: its action, the (name, value) of its inputs as a browser sends them, its files."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.open: Form | None = None
        self.select: list[str] | None = None  # its name, then the values of its options

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        name = given.get("name", "")
        if tag == "form":
            method, action = given.get("method", "get").upper(), given.get("action", "")
            self.open = Form(method, action.partition("#")[0])
            self.found.append(self.open)
            if options := given.get("data-passkey-options"):
                # The URL where the form's script gets the challenge for the passkey.
                self.found.append(Form(method, options, self.open.fields, self.open.files))
        elif self.open is None:
            return
        elif tag == "button" and "formaction" in given:
            self.found.append(Form("POST", given["formaction"], self.open.fields, self.open.files))
        elif not (name or tag == "option"):
            return
        elif tag == "select":
            self.select = [name]
        elif tag == "option" and self.select:
            self.select.append(given.get("value", ""))
        elif tag == "input" and given.get("type") == "file":
            self.open.files.append(a_file(name, given.get("accept", "")))
        elif tag in ("input", "textarea", "button"):
            self.open.fields.append((name, plausible(name, given)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select" and self.select and self.open:
            name, *values = self.select
            self.open.fields.append((name, next((value for value in values if value), "")))
            self.select = None


def forms_of(page: str) -> list[Form]:
    parser = _Forms()
    parser.feed(page)
    return parser.found


LEAVER = "leaver"
GOOD = {
    "email": "ana@acme.test",
    "password": PASSWORD,
    "current": PASSWORD,
    "new": "a new long password",
    "again": "a new long password",
    "locale": "en",
    "time_zone": "UTC",
    "next": "/reports/",
    "latitude": "-23.5",
    "longitude": "-46.6",
    "deletion-slug": LEAVER,
    "signer_name": "Rui Signer",
    "comment": "Seen and measured",
    "reason": "It was dark",
    "contact_website": "www.acme.example",
    # Expressions of a question that is answered by OK or Not OK.
    "shown_when.of": "customer",
    "required_when.of": "customer",
    "fails_when.of": "customer",
    "calculation.text": 'if({customer} = "Hospital", "ok", "na")',
}
# A valid due date of a report.
BY_TYPE = {
    "date": "2199-03-31",
    "time": "14:05",
    "number": "5",
    "email": "a@b.test",
    "tel": "+55 11 4002-8922",
}


def plausible(name: str, given: dict[str, str]) -> str:
    """A value that the input accepts: its own, else one that fits its name or type."""
    if name == "client_id":
        return str(uuid4())
    if given.get("value"):
        return given["value"]
    if name == "email" and "username" not in given.get("autocomplete", ""):
        return "nobody.yet@invited.test"
    return GOOD.get(name) or BY_TYPE.get(given.get("type", ""), "12")


@cache
def a_file(name: str, accept: str) -> File:
    """A valid file for a file input."""
    if "sheet" in accept or "xlsx" in accept:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return File(name, "checklist.xlsx", sample_workbook(), kind)
    if name == "image":
        return File(name, "signature.png", a_png((200, 80)), "image/png")
    return File(name, "photo.jpg", a_jpeg((64, 48)), "image/jpeg")


GIVEN_NAME = re.compile(r"""\.(?:get|getlist)\(\s*"([a-z_]+)\"""")
FORM_FIELD = re.compile(r"^    ([a-z_]+) = \w*Field\(", re.MULTILINE)


@cache
def names_in_code() -> tuple[str, ...]:
    """The names of all form and query values that the app's routes and forms read."""
    sources = [path for path in APP.rglob("*.py") if re.search(r"(routes|forms)\.py$", path.name)]
    found = {
        name
        for path in sources
        for pattern in (GIVEN_NAME, FORM_FIELD)
        for name in pattern.findall(path.read_text())
    }
    return tuple(sorted(found))


def encode_form(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(_quoted(name) + b"=" + _quoted(value) for name, value in fields)


@lru_cache(10_000)
def _quoted(raw: bytes) -> bytes:
    return quote_from_bytes(raw, safe="").encode()


def encode_multipart(
    fields: Iterable[tuple[bytes, bytes]], files: Iterable[File], boundary: bytes = b"edge"
) -> bytes:
    """Encode as RFC 7578 without escaping names and values, so hostile bytes stay."""
    body = io.BytesIO()
    for name, value in fields:
        body.write(
            b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (boundary, name, value)
        )
    for file in files:
        body.write(
            b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n'
            b"Content-Type: %s\r\n\r\n%s\r\n"
            % (
                boundary,
                *(raw(text) for text in (file.name, file.filename, file.media_type)),
                file.data,
            )
        )
    body.write(b"--%s--\r\n" % boundary)
    return body.getvalue()


def raw(text: str) -> bytes:
    """The bytes of the text; a lone surrogate becomes its three bytes."""
    return text.encode("utf-8", "surrogatepass")

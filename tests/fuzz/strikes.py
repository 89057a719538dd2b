"""Hostile requests: valid requests that hypothesis mutates."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.forms import File, encode_form, encode_multipart, names_in_code, raw

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff",
    "\u202eabc",
    "e\u0301" * 40,
    "\ufeff",
    "\U0001f600",
    "\r\nX: y",
    "NaN",
    "nan",
    "inf",
    "-Infinity",
    "-1",
    "0",
    "-0",
    "1e999999",
    "1e-400",
    "0x10",
    "1_0",
    "١٢٣",
    "²",
    str(2**31),
    str(2**63),
    str(-(2**63) - 1),
    "9" * 400,
    "9" * 5_000,
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59+14:00",
    "10000-01-01",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30",
    "2026-W01-1",
    "20260331",
    "24:00",
    "25:61",
    "1:2:3.4",
    "2026-03-31T14:05:00.123456789Z",
    "[]",
    "{}",
    "null",
    "true",
    '["a"]',
    '{"a": 1}',
    "not-a-uuid",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "0" * 32,
    "<script>",
    "{{ 7*7 }}",
    "%s%n%(a)s",
    "{0.__class__}",
    "../../etc/passwd",
    "..%2f..%2f",
    "..\\..\\",
    "/etc/passwd",
    "file:///etc/passwd",
    "//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "'; drop table reports; --",
    "=1+1",
    "x" * 300,
    "x" * 70_000,
    "é" * 3_000,
    "a\n" * 3_000,
    "cell:a:before",
    "cell:",
    ":",
)
VALUES = st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.text(max_size=20))
BLOBS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n",
            b"PK\x03\x04",
            b"PK\x05\x06" + bytes(18),
            b"GIF89a",
            b"\x00" * 2_000,
            b"{",
            b"[" * 20_000,
            b"[[1,2],[NaN,1e999]]",
            b'{"width": 1e400, "height": 1, "strokes": [[[NaN, 1]]]}',
            b'"\\ud800"',
            b"\xff\xfe{\x00",
        ]
    ),
)
HEADERS = {
    "HTTP_HX_REQUEST": ("true", "false", "\xff", "x" * 9_000),
    "HTTP_HX_TARGET": ("results", "%", "\xff", "<b>"),
    "HTTP_HX_CURRENT_URL": ("//evil", "http://[", "\xff"),
    "HTTP_HX_TRIGGER": ("{", "\xe9"),
    "HTTP_HX_BOOSTED": ("true", "\xff"),
    "HTTP_ACCEPT_LANGUAGE": (
        "pt-BR,pt;q=0.9",
        "*",
        "xx-\xff;q=abc",
        "en;q=1e9",
        ",;=,,",
        "pt" * 3_000,
    ),
    "HTTP_ACCEPT": ("*/*;q=nan", "text/html;q=-1", "\xff", "application/json"),
    "HTTP_ACCEPT_ENCODING": ("br", "gzip;q=x", "\xff"),
    "HTTP_IF_NONE_MATCH": ("*", '"', 'W/"x"', "\xff", '"' * 500),
    "HTTP_IF_MODIFIED_SINCE": ("yesterday", "Mon, 01 Jan 0001 00:00:00 GMT", "\xff"),
    "HTTP_IF_RANGE": ('"x"', "yesterday"),
    "HTTP_RANGE": (
        "bytes=0-",
        "bytes=5-1",
        "bytes=-0",
        "bytes=9999999999-",
        "bytes=0-1,2-3",
        "x=1-2",
        "bytes=a-b",
        "bytes=0-99999999999999999999",
    ),
    "HTTP_COOKIE": (
        "session=x",
        "session=\xff",
        "session=eyJhIjoxfQ.aaaa.bbbb",
        "=",
        ";;;",
        "a" * 9_000,
        'session="\\"',
        "remember_token=1|x",
    ),
    "HTTP_HOST": ("localhost:0", "[", "a b", "evil.example", "\xff", "localhost:99999999"),
    "HTTP_ORIGIN": ("null", "http://evil.example", "\xff"),
    "HTTP_REFERER": ("//", "http://[", "\xff"),
    "HTTP_SEC_FETCH_SITE": ("cross-site", "none", "\xff"),
    "HTTP_USER_AGENT": ("", "\xff", "x" * 9_000, "{{ 7*7 }}"),
    "HTTP_X_REQUEST_ID": ("short", "\xff" * 20, "x" * 64, "'; --......."),
    "HTTP_X_REQUESTED_WITH": ("fetch", "\xff"),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4, x", "\xff", "::1", "x" * 500),
    "HTTP_X_CSRFTOKEN": ("x", "\xff", "a.b.c"),
    "CONTENT_LENGTH": ("-1", "abc", "999", "0", "99999999999999999999", ""),
    "CONTENT_TYPE": (
        "application/json",
        "text/plain; charset=\xff",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=other",
        "application/x-www-form-urlencoded; charset=utf-16",
        "/",
        "\xff",
        "x" * 9_000,
    ),
    "REMOTE_ADDR": ("::1", "", "not an address"),
}
METHODS = ("HEAD", "OPTIONS", "GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW")
JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), VALUES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(TEXTS), inner, max_size=3)
    ),
    max_leaves=6,
)
NUMBERS = st.integers(0, 30)
NAMES = st.one_of(st.sampled_from(names_in_code()), VALUES)

# (kind, index, replacement); `mutated` applies them in order.
Mutation = tuple[str, int, Any]
MUTATIONS: st.SearchStrategy[Mutation] = st.one_of(
    # Ten times as likely, as the likeliest attack: one bad value in an otherwise valid request.
    *[st.tuples(st.just("value"), NUMBERS, VALUES)] * 10,
    st.tuples(st.just("again"), NUMBERS, VALUES),
    st.tuples(st.just("without"), NUMBERS, st.none()),
    st.tuples(st.just("more"), NUMBERS, st.tuples(NAMES, VALUES)),
    st.tuples(st.just("query"), NUMBERS, st.tuples(NAMES, VALUES)),
    st.tuples(st.just("query"), NUMBERS, st.tuples(NAMES, VALUES)),
    st.tuples(st.just("path"), NUMBERS, VALUES),
    st.tuples(st.just("file"), NUMBERS, BLOBS),
    st.tuples(st.just("cut file"), NUMBERS, st.integers(0, 5_000)),
    st.tuples(st.just("name file"), NUMBERS, VALUES),
    st.tuples(st.just("header"), NUMBERS, st.sampled_from(sorted(HEADERS))),
    st.tuples(st.just("header"), NUMBERS, st.sampled_from(sorted(HEADERS))),
    st.tuples(st.just("method"), NUMBERS, st.sampled_from(METHODS)),
    st.tuples(st.just("body"), NUMBERS, BLOBS),
    st.tuples(st.just("json"), NUMBERS, JSONS),
    st.tuples(st.just("crowd"), NUMBERS, st.sampled_from((999, 1_001, 1_500))),
    st.tuples(st.just("cut body"), NUMBERS, st.integers(0, 400)),
    st.tuples(st.just("htmx"), NUMBERS, st.none()),
)
STRIKES = st.lists(MUTATIONS, min_size=1, max_size=4)


@dataclass(frozen=True)
class Request:
    """`path` and the query's parts are arbitrary text; `body` takes precedence over the fields."""

    method: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    cut: int | None = None


def mutated(request: Request, mutations: Sequence[Mutation]) -> Request:
    for what, number, by in mutations:
        request = _ACTS[what](request, number, by)
    return request


def _value(request: Request, number: int, text: str) -> Request:
    return replace(request, fields=_put(request.fields, number, lambda old: (old[0], text)))


def _again(request: Request, number: int, text: str) -> Request:
    if not request.fields:
        return request
    name = request.fields[number % len(request.fields)][0]
    return replace(request, fields=(*request.fields, (name, text)))


def _without(request: Request, number: int, _by: None) -> Request:
    kept = list(request.fields)
    if kept:
        del kept[number % len(kept)]
    return replace(request, fields=tuple(kept))


def _path(request: Request, number: int, text: str) -> Request:
    return replace(request, path=_put(request.path, number, lambda _old: text))


def _file(request: Request, number: int, data: bytes) -> Request:
    if not request.files:
        name = ("file", "image", "strokes")[number % 3]
        return replace(request, files=(File(name, "x.bin", data, "application/octet-stream"),))
    return replace(request, files=_put(request.files, number, lambda old: replace(old, data=data)))


def _cut_file(request: Request, number: int, size: int) -> Request:
    cut = _put(request.files, number, lambda old: replace(old, data=old.data[:size]))
    return replace(request, files=cut)


def _name_file(request: Request, number: int, text: str) -> Request:
    named = _put(request.files, number, lambda old: replace(old, filename=text, media_type=text))
    return replace(request, files=named)


def _header(request: Request, number: int, name: str) -> Request:
    value = HEADERS[name][number % len(HEADERS[name])]
    return replace(request, headers=(*request.headers, (name, value)))


def _crowd(request: Request, _number: int, size: int) -> Request:
    many = tuple((f"cell:{at}", "1") for at in range(size))
    return replace(request, fields=request.fields + many)


def _json(request: Request, _number: int, value: Any) -> Request:
    """JSON as `json.loads` accepts it, including NaN and lone surrogates."""
    return replace(
        request,
        body=json.dumps(value).encode(),
        headers=(*request.headers, ("CONTENT_TYPE", "application/json")),
    )


def _put(items: tuple[Any, ...], number: int, change: Any) -> tuple[Any, ...]:
    if not items:
        return items
    at = number % len(items)
    return (*items[:at], change(items[at]), *items[at + 1 :])


_ACTS: dict[str, Any] = {
    "value": _value,
    "again": _again,
    "without": _without,
    "more": lambda request, _n, pair: replace(request, fields=(*request.fields, pair)),
    "query": lambda request, _n, pair: replace(request, query=(*request.query, pair)),
    "path": _path,
    "file": _file,
    "cut file": _cut_file,
    "name file": _name_file,
    "header": _header,
    "method": lambda request, _n, method: replace(request, method=method),
    "body": lambda request, _n, data: replace(request, body=data),
    "json": _json,
    "crowd": _crowd,
    "cut body": lambda request, _n, size: replace(request, cut=size),
    "htmx": lambda request, _n, _by: replace(
        request, headers=(*request.headers, ("HTTP_HX_REQUEST", "true"))
    ),
}


def environ_of(request: Request, cookie: str) -> dict[str, Any]:
    """The request as a WSGI server passes it on, without a client that would normalise it."""
    fields = [(raw(name), raw(value)) for name, value in request.fields]
    kind, body = "", b""
    if request.body is not None:
        body = request.body
    elif request.files:
        kind, body = "multipart/form-data; boundary=edge", encode_multipart(fields, request.files)
    elif request.method == "POST":
        kind, body = "application/x-www-form-urlencoded", encode_form(fields)
    body = body[: request.cut]
    query = encode_form((raw(name), raw(value)) for name, value in request.query)
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": raw("".join(request.path)).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": cookie,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **dict(request.headers),
    }

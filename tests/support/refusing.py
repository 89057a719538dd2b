"""A crawl of all pages that a person can reach by links, and of the requests each could send."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# The number of pages to visit among those that differ only in their ids.
OF_A_KIND = 3
SENDING = ("hx-post", "hx-put", "hx-patch", "hx-delete", "formaction")


class Read(HTMLParser):
    """The links of a page, and the URLs that it can send a request to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sent_to: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "form" and attributes.get("method", "get").lower() == "post":
            self.sent_to.append(attributes.get("action", ""))
        self.sent_to += [attributes[name] for name in SENDING if name in attributes]


def walk(client: FlaskClient, start: str = "/") -> Iterator[tuple[str, str]]:
    """(path, page) of every reachable HTML page, a few of each kind."""
    waiting, seen, kinds = deque([start]), {start}, dict[str, int]()
    while waiting:
        path = waiting.popleft()
        kind = ID.sub("*", path.partition("?")[0])
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > OF_A_KIND:
            continue
        answer = client.get(path, follow_redirects=True)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue  # a file, or a page that the stage does not have
        page = answer.text
        yield path, page
        for link in read(page).links:
            parts = urlsplit(urljoin(path, link))
            onward = parts.path + (f"?{parts.query}" if parts.query else "")
            if not parts.netloc and not parts.scheme and onward not in seen:
                seen.add(onward)
                waiting.append(onward)


@lru_cache(maxsize=4)  # a walk reads links, its caller what the page sends
def read(page: str) -> Read:
    found = Read()
    found.feed(page)
    return found


def endpoints_sent_to(app: Flask, path: str, page: str) -> Iterator[str]:
    """The endpoints that a page can send a request to."""
    adapter = app.url_map.bind("localhost")
    for address in read(page).sent_to:
        try:
            yield adapter.match(urlsplit(urljoin(path, address)).path, method="POST")[0]
        except HTTPException as error:
            raise AssertionError(f"{path} sends to {address}, which nothing takes") from error

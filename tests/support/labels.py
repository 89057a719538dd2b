"""Finds faulty labels of a page's controls: duplicate ids, labels without a control."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

CONTROLS = {"input", "select", "textarea", "output"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.controls: set[str] = set()
        self.named: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.ids[attributes["id"]] += 1
            if tag in CONTROLS:
                self.controls.add(attributes["id"])
        if tag == "label" and "for" in attributes:
            self.named.append(attributes["for"])


def faults(html: str) -> list[str]:
    """Empty if every id is unique and every label has its own control."""
    reader = _Reader()
    reader.feed(html)
    doubled = [f"#{one} stands {times} times" for one, times in reader.ids.items() if times > 1]
    lost = [f"a label of #{one}, no control" for one in reader.named if one not in reader.controls]
    shared = [f"#{one} has two labels" for one, n in Counter(reader.named).items() if n > 1]
    return doubled + lost + shared

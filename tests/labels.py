"""What is wrong with the names of a page's controls: ids that stand twice, labels of nothing."""

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
        said = {name: value or "" for name, value in attrs}
        if "id" in said:
            self.ids[said["id"]] += 1
            if tag in CONTROLS:
                self.controls.add(said["id"])
        if tag == "label" and "for" in said:
            self.named.append(said["for"])


def faults(html: str) -> list[str]:
    """Empty where every id stands once and every label names one control of its own."""
    reader = _Reader()
    reader.feed(html)
    doubled = [f"#{one} stands {times} times" for one, times in reader.ids.items() if times > 1]
    lost = [f"a label of #{one}, no control" for one in reader.named if one not in reader.controls]
    shared = [f"#{one} has two labels" for one, n in Counter(reader.named).items() if n > 1]
    return doubled + lost + shared

"""Reads the tags of a PDF: the tree of its structure, and its leaves in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf


@dataclass
class Element:
    """One element: `marks` are the marked contents that belong to it, as (page, number)."""

    role: str
    lang: str = ""
    alt: str = ""
    scope: str = ""
    marks: list[tuple[int, int]] = field(default_factory=list)
    links: int = 0
    children: list[Element | tuple[int, int]] = field(default_factory=list)

    def descendants(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.descendants()

    def find(self, *roles: str) -> list[Element]:
        return [one for one in self.descendants() if one.role in roles]

    def leaves(self) -> Iterator[tuple[Element, tuple[int, int]]]:
        """Every marked content in reading order, with its element."""
        for child in self.children:
            if isinstance(child, Element):
                yield from child.leaves()
            else:
                yield self, child


@dataclass(frozen=True)
class Tags:
    """`words` counts what each marked content shows, `loose` what nothing marks, `languages` the
    words inside of one content that are in another language than it."""

    document: Element
    words: dict[tuple[int, int], int]
    artifacts: int
    loose: int
    languages: Counter[str]


def read_tags(pdf: Path) -> Tags:
    with pikepdf.open(pdf) as opened:
        places = {page.objgen: number for number, page in enumerate(opened.pages)}
        (top,) = opened.Root.StructTreeRoot.K
        document = _element(top, places, None)
        words: dict[tuple[int, int], int] = {}
        artifacts = loose = 0
        languages: Counter[str] = Counter()
        for number, page in enumerate(opened.pages):
            for mark, shown in _marked(page, languages):
                if isinstance(mark, int):
                    words[number, mark] = words.get((number, mark), 0) + shown
                elif mark == "Artifact":
                    artifacts += shown
                else:
                    loose += shown
    return Tags(document, words, artifacts, loose, languages)


def _element(node: pikepdf.Object, places: dict, page: int | None) -> Element:
    page = places.get(node.Pg.objgen, page) if "/Pg" in node else page
    made = Element(str(node.S)[1:], str(node.get("/Lang", "")), str(node.get("/Alt", "")))
    made.scope = str(node.A.get("/Scope", ""))[1:] if "/A" in node else ""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if not isinstance(kid, pikepdf.Dictionary):
            made.children.append((page or 0, int(kid)))
        elif kid.get("/Type") == "/MCR":
            made.children.append((places[kid.Pg.objgen], int(kid.MCID)))
        elif kid.get("/Type") == "/OBJR":
            made.links += 1
        else:
            made.children.append(_element(kid, places, page))
    return made


def _marked(page: pikepdf.Page, languages: Counter[str]) -> Iterator[tuple[int | str | None, int]]:
    """Each mark, and again for each operator in it that shows text or an object; 1 for these."""
    stack: list[int | str | None] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BMC", "BDC"):
            facts = operands[1] if len(operands) > 1 else {}
            mark = int(facts["/MCID"]) if "/MCID" in facts else str(operands[0])[1:]
            if "/Lang" in facts:
                languages[str(facts["/Lang"])] += 1
                mark = None
            stack.append(mark)
            if mark is not None:
                yield mark, 0
        elif name == "EMC":
            stack.pop()
        elif name in ("Tj", "TJ", "Do"):
            yield next((one for one in reversed(stack) if one is not None), None), 1

"""The tags of a PDF, by which other programs read it: headings, lists, tables, pictures, languages.

WeasyPrint's own tags begin an element anew on each page, take tables that only arrange things for
tables of data, tag every box, and have neither languages nor scopes of headers.

In the templates role="presentation" on a table means that it only arranges its cells, and
aria-hidden="true" that an element is decoration; `lang` is the language of an element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pydyf
import weasyprint.pdf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

ROLES = {
    **{f"h{level}": f"H{level}" for level in range(1, 7)},
    "section": "Sect",
    "p": "P",
    "ul": "L",
    "li": "LI",
    "table": "Table",
    "tr": "TR",
    "th": "TH",
    "td": "TD",
    "img": "Figure",
    "a": "Link",
}
# These hold other elements, never text.
GROUPS = frozenset({"Document", "Sect", "Div", "L", "Table", "TR"})
INLINE = frozenset({"Span", "Link", "Figure"})
CELLS = frozenset({"TH", "TD"})
# Of a table that only arranges: its cells group what is in them, its rows and itself do nothing.
ARRANGED = {"Table": None, "TR": None, "TH": "Div", "TD": "Div"}
POINTS = 0.75  # PDF points in a CSS pixel


def replace_tags() -> None:
    """Let WeasyPrint use these tags instead of its own, in this process."""
    weasyprint.pdf.add_tags = add_tags


def add_tags(pdf: Any, document: Any, _pdf_version: str, streams: Sequence[Any]) -> None:
    """Add the tree of tags. `streams` are those of the pages, with the marks of what was drawn."""
    tree = _Tree(pdf)
    for number, (page, stream) in enumerate(zip(document.pages, streams, strict=True)):
        _PageTags(tree, number, page, stream).add()
    tree.finish()


class _Node:
    """One element of the tree. It is written when it gets content, so that none is empty."""

    def __init__(self, tree: _Tree, role: str, parent: _Node | None, **facts: Any) -> None:
        self.tree, self.role, self.parent = tree, role, parent
        self.object: Any = None
        self.page: int | None = None
        self._facts = facts
        self._run: _Node | None = None

    def written(self) -> Any:
        """Its dictionary in the PDF."""
        if self.object is None:
            above = self.parent.written() if self.parent else self.tree.root
            facts = {"S": f"/{self.role}", "P": above.reference, "K": pydyf.Array()}
            self.object = pydyf.Dictionary({"Type": "/StructElem", **facts, **self._facts})
            self.tree.pdf.add_object(self.object)
            above["K"].append(self.object.reference)
        return self.object

    def holder(self, role: str = "") -> _Node:
        """Where text, or an element of this role, belongs: in a group, into a paragraph."""
        if self.role not in GROUPS:
            return self
        if role and role not in INLINE:
            self._run = None
            return self
        self._run = self._run or _Node(self.tree, "P", self)
        return self._run

    def mark(self, page: int, number: int) -> Any:
        """Add the marked content of a page. Returns the dictionary that it belongs to."""
        written = self.written()
        if self.page is None:
            self.page = page
            written["Pg"] = self.tree.pages[page]
        if self.page == page:
            written["K"].append(number)
        else:
            where = {"Type": "/MCR", "Pg": self.tree.pages[page], "MCID": number}
            written["K"].append(pydyf.Dictionary(where))
        return written


class _Tree:
    """The whole tree, which grows page by page: an element that goes on is one element."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        # Asking for them builds the list anew each time.
        self.pages = pdf.page_references
        self.root = pydyf.Dictionary({"Type": "/StructTreeRoot", "K": pydyf.Array()})
        pdf.add_object(self.root)
        self.document = _Node(self, "Document", None)
        self.nodes: dict[Any, _Node] = {}
        self.heads: dict[Any, int] = {}
        self.numbers: list[Any] = []
        self.links: list[tuple[Any, Any]] = []

    def finish(self) -> None:
        for place, (annotation, owner) in enumerate(self.links, start=len(self.pages)):
            annotation["StructParent"] = place
            self.numbers += [place, owner.reference]
        parents = pydyf.Dictionary({"Nums": pydyf.Array(self.numbers)})
        self.pdf.add_object(parents)
        self.root["ParentTree"] = parents.reference
        self.root["ParentTreeNextKey"] = len(self.pages) + len(self.links)
        catalog = self.pdf.catalog
        catalog["StructTreeRoot"] = self.root.reference
        catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})


class _PageTags:
    """The tags of one page."""

    def __init__(self, tree: _Tree, number: int, page: Any, stream: Any) -> None:
        self.tree, self.number, self.stream = tree, number, stream
        self.height = page.height
        self.root = page._page_box
        self.marks: dict[Any, dict[str, Any]] = stream._tags
        self.owners: list[Any] = [b"null"] * len(self.marks)

    def add(self) -> None:
        for child in self.root.children:
            if not isinstance(child, boxes.MarginBox):
                self._walk(child, self.tree.document)
        # What is left was drawn for the eye alone: decoration, heads that are repeated.
        self._hide({mark["mcid"] for mark in self.marks.values()})
        self.tree.numbers += [self.number, pydyf.Array(self.owners)]

    def _walk(self, box: Any, node: _Node, *, is_arranged: bool = False) -> None:
        box = box._box if isinstance(box, AbsolutePlaceholder) else box
        if isinstance(box, boxes.TextBox):
            self._own(box, node.holder())
            return
        element = box.element
        if element is not None:
            if element.get("aria-hidden") == "true" or self._is_repeated(box):
                return
            if str(box.element_tag).startswith("table"):
                is_arranged = element.get("role") == "presentation"
            node = self._node_of(box, node, is_arranged)
        if box.link_annotation:
            self._link(box.link_annotation, node)
        for child in box.children:
            self._walk(child, node, is_arranged=is_arranged)
        if isinstance(box, boxes.ReplacedBox):
            self._own(box, node)

    def _node_of(self, box: Any, parent: _Node, is_arranged: bool) -> _Node:
        """The node of the box's element, one for all boxes of it; without a role, the parent's."""
        element = box.element
        if element in self.tree.nodes:
            return self.tree.nodes[element]
        tag = str(box.element_tag).partition("::")[0]
        role, language = ROLES.get(tag), element.get("lang")
        if is_arranged and role in ARRANGED:
            role = ARRANGED[role]
        if role is None and language and tag == "span":
            role = "Span"
        if role == "Link" and not box.link_annotation:
            role = None
        if role is None:
            node = parent
        else:
            facts = {"Lang": pydyf.String(language)} if language and tag != "html" else {}
            facts |= self._facts(role, box)
            node = _Node(self.tree, role, parent.holder(role), **facts)
            if role in CELLS:
                node.written()  # an empty cell counts
            if role == "LI":
                node = _Node(self.tree, "LBody", node)
        self.tree.nodes[element] = node
        return node

    def _facts(self, role: str, box: Any) -> dict[str, Any]:
        if role == "Figure":
            left, top = box.content_box_x(), box.content_box_y()
            corners = (left, self.height - top - box.height, left + box.width, self.height - top)
            area = pydyf.Array([round(corner * POINTS, 2) for corner in corners])
            return {
                "Alt": pydyf.String(box.element.get("alt", "")),
                "A": pydyf.Dictionary({"O": "/Layout", "BBox": area, "Placement": "/Block"}),
            }
        if role in CELLS:
            facts: dict[str, Any] = {"O": "/Table"}
            if role == "TH":
                scope = "Row" if box.element.get("scope") == "row" else "Column"
                facts["Scope"] = f"/{scope}"
            if box.colspan != 1:
                facts["ColSpan"] = box.colspan
            if len(facts) > 1:
                return {"A": pydyf.Dictionary(facts)}
        return {}

    def _is_repeated(self, box: Any) -> bool:
        """Whether it is the head of a table that has begun on an earlier page."""
        if not getattr(box, "is_header", False):
            return False
        return self.tree.heads.setdefault(box.element, self.number) != self.number

    def _own(self, box: Any, node: _Node) -> None:
        mark = self.marks.pop(box, None)
        if mark is not None:
            owner = node.mark(self.number, mark["mcid"])
            self.owners[mark["mcid"]] = owner.reference

    def _link(self, annotation: Any, node: _Node) -> None:
        written = node.written()
        where = {"Type": "/OBJR", "Obj": annotation.reference, "Pg": self.tree.pages[self.number]}
        written["K"].append(pydyf.Dictionary(where))
        self.tree.links.append((annotation, written))

    def _hide(self, numbers: set[int]) -> None:
        """Turn marked content into artifacts, which are not read."""
        if not numbers:
            return
        items = self.stream.stream
        for place, item in enumerate(items):
            if isinstance(item, pydyf.Dictionary) and item.get("MCID") in numbers:
                items[place - 1] = "/Artifact"
                item.clear()
                item["Type"] = "/Layout"

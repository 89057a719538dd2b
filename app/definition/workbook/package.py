"""The parts of a workbook: its sheets, styles and texts, without the meaning of the cells.

Elements are compared by local name, so Strict Open XML (ISO 29500) works like the common form.
`data` must have passed the guard; damaged files raise various errors.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from app.definition.workbook.codes import format_of
from app.definition.workbook.guard import XML_NAMES

_ROOT = ""


@dataclass(frozen=True, slots=True)
class Related:
    """A part that another part refers to: its id there, kind ("worksheet") and path in the zip."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Style:
    """The properties of a cell style that affect its text. `format` is None if unknown."""

    format: str | None = "General"
    is_struck: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a text; `is_struck` is None if the cell style decides."""

    text: str
    is_struck: bool | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """A sheet of the workbook. `state` is "visible", "hidden" or "veryHidden".

    `part` is empty for a sheet without cells, such as a chart.
    """

    title: str
    state: str
    part: str


Runs = tuple[Run, ...]


class Package:
    """The opened zip. Raises ValueError, KeyError and others on damaged files."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = (name for name in archive.namelist() if name.lower().endswith(XML_NAMES))
        self._names = {name.lower(): name for name in names}
        self.book = next(
            (one.name for one in self.related(_ROOT) if one.kind == "officeDocument"),
            "xl/workbook.xml",
        )
        root = self.root(self.book)
        if local(root.tag) != "workbook":
            raise ValueError("the main part is no workbook")
        properties = find(root, "workbookPr")
        self.is_1904 = properties is not None and is_on(properties.get("date1904"))
        self._parts = self.related(self.book)
        self.tabs = self._tabs(root)
        styles = self.linked("styles")
        sheet = self.root(styles) if styles else None
        self.styles = _styles(sheet) if sheet is not None else ()
        self.changing = _changing(sheet) if sheet is not None else frozenset()

    def has(self, name: str) -> bool:
        return name.lower() in self._names

    def read(self, name: str) -> bytes:
        return self._archive.read(self._names[name.lower()])

    def root(self, name: str) -> Element:
        root: Element = ElementTree.fromstring(self.read(name), forbid_dtd=True)
        return root

    def ends(self, name: str) -> Iterator[Element]:
        """Yield each element of a part when it ends; clear elements after use to limit memory."""
        with self._archive.open(self._names[name.lower()]) as source:
            for _, element in ElementTree.iterparse(source, forbid_dtd=True):
                yield element

    def related(self, name: str) -> list[Related]:
        """The existing parts in the file that `name` refers to."""
        folder, base = posixpath.split(name)
        links = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(links):
            return []
        found = []
        for link in self.root(links):
            target = unquote(link.get("Target", ""))
            if link.get("TargetMode") != "External":
                place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                kind = link.get("Type", "").rpartition("/")[2]
                found.append(Related(link.get("Id", ""), kind, place))
        return [one for one in found if self.has(one.name)]

    def linked(self, *kinds: str) -> str | None:
        """The first part of these kinds that the workbook names, else the one at its usual path."""
        named = next((one.name for one in self._parts if one.kind in kinds), None)
        usual = posixpath.join(posixpath.dirname(self.book), f"{kinds[0]}.xml")
        return named or (usual if self.has(usual) else None)

    def _tabs(self, root: Element) -> tuple[Tab, ...]:
        places = {one.id: one.name for one in self._parts if one.kind == "worksheet"}
        return tuple(
            Tab(
                sheet.get("name", ""),
                sheet.get("state", "visible"),
                places.get(_link(sheet) or "", ""),
            )
            for sheet in find_all(root, "sheet")
        )

    @cached_property
    def words(self) -> tuple[Runs, ...]:
        """The shared texts, read when the first cell needs them."""
        name = self.linked("sharedStrings")
        if name is None:
            return ()
        words = []
        for element in self.ends(name):
            if local(element.tag) == "si":
                words.append(runs(element))
                element.clear()
        return tuple(words)


def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def find(element: Element, name: str) -> Element | None:
    """The first element with that name at any depth."""
    return next(find_all(element, name), None)


def find_all(element: Element, name: str) -> Iterator[Element]:
    return (one for one in element.iter() if local(one.tag) == name)


def _styles(root: Element) -> tuple[Style, ...]:
    codes = {
        int(one.get("numFmtId", 0)): one.get("formatCode", "General")
        for one in _children(root, "numFmts")
    }
    struck = [is_struck(font) for font in _children(root, "fonts")]
    styles = []
    for one in _children(root, "cellXfs"):
        font = int(one.get("fontId", 0))
        code = format_of(int(one.get("numFmtId", 0)), codes)
        styles.append(Style(code, font < len(struck) and struck[font]))
    return tuple(styles)


def _changing(root: Element) -> frozenset[str]:
    """The numbers of the conditional styles that change the shown number or strike it out."""
    styles = enumerate(_children(root, "dxfs"))
    return frozenset(
        str(number) for number, one in styles if find(one, "numFmt") is not None or is_struck(one)
    )


def _children(root: Element, name: str) -> list[Element]:
    parent = find(root, name)
    return [] if parent is None else list(parent)


def is_on(value: str | None) -> bool:
    return value in ("1", "true", "on")


def is_struck(font: Element) -> bool:
    mark = find(font, "strike")
    return mark is not None and is_on(mark.get("val", "1"))


def runs(element: Element) -> Runs:
    """The runs of a text, without the phonetic hints of East Asian scripts."""
    found = []
    for child in element:
        name = local(child.tag)
        if name == "t" and child.text:
            found.append(Run(child.text))
        elif name == "r":
            text = find(child, "t")
            font = find(child, "rPr")
            struck = None if font is None else is_struck(font)
            if text is not None and text.text:
                found.append(Run(text.text, struck))
    return tuple(found)


def _link(element: Element) -> str | None:
    return next((value for key, value in element.attrib.items() if local(key) == "id"), None)

"""Finds objects of a worksheet that the import leaves out.

Counts pictures, charts, drawn shapes, buttons and comments, with the cells they are at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.addresses import address
from app.definition.workbook.package import Package, Tab, find, find_all, local

PICTURES = N_(
    "Pictures are not imported: %(count)s, at %(cells)s. Describe their content in the question."
)
CHARTS = N_("Charts are not imported: %(count)s, at %(cells)s.")
SHAPES = N_("Drawn shapes and text boxes are not imported: %(count)s, at %(cells)s.")
CONTROLS = N_("Buttons and tick boxes are not imported: %(count)s, at %(cells)s.")
COMMENTS = N_(
    "Comments on cells are not imported: %(count)s, at %(cells)s. Put what "
    "technicians should read in a hint column."
)

# At most this many cells are named.
_NAMED = 20
_ANCHORS = frozenset({"twoCellAnchor", "oneCellAnchor", "absoluteAnchor"})
_OBJECTS = {
    "pic": PICTURES,
    "graphicFrame": CHARTS,
    "sp": SHAPES,
    "contentPart": SHAPES,
}
# Old Excel drawings also hold the frames of comments ("Note"); those can be ignored.
_CONTROL = re.compile(rb"""^[^>]*ObjectType\s*=\s*["'](?!Note)\w""", re.IGNORECASE)
_CORNER = re.compile(rb"Anchor>\s*(?P<column>[0-9]{1,5})\s*,[^,]{1,9},\s*(?P<row>[0-9]{1,7})\s*,")

Notice = tuple[str, Sentence]


def notices_of_objects(package: Package, tab: Tab, in_cells: Sequence[str]) -> Iterator[Notice]:
    """One notice per kind of object; `in_cells` are the cells that hold a picture."""
    found: dict[str, list[str]] = {PICTURES: list(in_cells)} if in_cells else {}
    for part in package.related(tab.part):
        for kind, ref in _objects_of(package, part.kind, part.name):
            found.setdefault(kind, []).append(ref)
    for kind, refs in found.items():
        places = sorted({ref for ref in refs if ref}, key=_order)
        cells = ", ".join(places[:_NAMED]) + (" …" if len(places) > _NAMED else "")
        yield (places[0] if places else "", say(kind, count=len(refs), cells=cells or "–"))


def rich_kinds(package: Package) -> dict[str, str]:
    """The content types of rich cells by the number in `vm`: "_localImage" for a picture.

    Excel saves `#VALUE!` in such a cell for programs that do not support it.
    """
    parts = (
        package.linked("sheetMetadata"),
        package.linked("rdRichValue"),
        package.linked("rdRichValueStructure"),
    )
    if None in parts:
        return {}
    metadata, values, structures = (package.root(str(part)) for part in parts)
    kinds = [one.get("t", "") for one in find_all(structures, "s")]
    of_value = [kinds[int(one.get("s", 0))] for one in find_all(values, "rv")]
    of_block = [int(one.get("i", 0)) for one in find_all(metadata, "rvb")]
    cells = find(metadata, "valueMetadata")
    found: dict[str, str] = {}
    for number, block in enumerate(find_all(cells, "rc") if cells is not None else (), start=1):
        at = int(block.get("v", 0))
        if at < len(of_block) and of_block[at] < len(of_value):
            found[str(number)] = of_value[of_block[at]]
    return found


def _objects_of(package: Package, kind: str, name: str) -> Iterator[tuple[str, str]]:
    if kind == "drawing":
        for anchor in _anchors(package.root(name)):
            if what := _object(anchor):
                yield what, _anchored(anchor)
    elif kind == "comments":
        for comment in find_all(package.root(name), "comment"):
            if any((one.text or "").strip() for one in find_all(comment, "t")):
                yield COMMENTS, comment.get("ref", "")
    elif kind == "vmlDrawing":
        for data in re.split(rb"<[\w:]*ClientData\b", package.read(name))[1:]:
            if _CONTROL.match(data):
                corner = _CORNER.search(data)
                yield CONTROLS, _ref(corner["column"], corner["row"]) if corner else ""


def _anchors(drawing: Element) -> Iterator[Element]:
    """The anchors of a drawing; of an object saved in a new and an old form, only the first."""
    for child in drawing:
        anchor = next((one for one in child.iter() if local(one.tag) in _ANCHORS), None)
        if anchor is not None:
            yield anchor


def _object(anchor: Element) -> str | None:
    """The message for an anchored object; a group of shapes with a picture counts as a picture."""
    names = {local(one.tag) for one in anchor.iter()}
    return next((sentence for name, sentence in _OBJECTS.items() if name in names), None)


def _anchored(anchor: Element) -> str:
    start = find(anchor, "from")
    if start is None:
        return ""
    column, row = (find(start, name) for name in ("col", "row"))
    if column is None or row is None:
        return ""
    return _ref(column.text or 0, row.text or 0)


def _ref(column: bytes | str | int, row: bytes | str | int) -> str:
    """The address of a cell whose row and column are counted from 0."""
    return address(int(row) + 1, int(column) + 1)


def _order(ref: str) -> tuple[int, str]:
    digits = ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return (int(digits) if digits.isdigit() else 0, ref)

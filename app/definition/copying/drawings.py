"""Lays pictures over cells of a sheet: in the sheet's drawing, or in a new one if it has none."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from app.definition.copying.cells import Unpatchable

_EMU = 9_525
_HEIGHT, _MOST_WIDTH = 34, 260
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_COMMON = "http://schemas.openxmlformats.org"
_STRICT = "http://purl.oclc.org/ooxml"
# What may follow the drawing of a worksheet (ISO 29500, CT_Worksheet).
_AFTER = (
    "legacyDrawing|legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts"
    "|extLst"
)


@dataclass(slots=True)
class Parts:
    """The parts of the file that change or are new, over those that are there."""

    read: Callable[[str], bytes | None]
    changed: dict[str, bytes] = field(default_factory=dict)

    def get(self, name: str) -> bytes | None:
        return self.changed[name] if name in self.changed else self.read(name)

    def free(self, pattern: str) -> str:
        """The first name that no part has; `pattern` has a place for a number."""
        count = 1
        while self.get(pattern % count) is not None:
            count += 1
        return pattern % count


def lay_over(parts: Parts, sheet: str, place: tuple[int, int], png: bytes) -> None:
    """Lay a picture over the cell at (row, column) of the worksheet part `sheet`."""
    part = parts.get(sheet)
    if part is None:
        raise Unpatchable
    base = _STRICT if _STRICT.encode() in part[:2_000] else _COMMON
    drawing = _drawing_of(parts, sheet, part, base)
    image = parts.free("xl/media/laudo%d.png")
    parts.changed[image] = png
    _add_default(parts, b"png", b"image/png")
    relation = _relate(parts, drawing, _kind(base, "image"), _relative(drawing, image))
    body = parts.get(drawing)
    assert body is not None
    end = re.search(rb"</(?:[\w.-]+:)?wsDr\s*>\s*$", body)
    if end is None:
        raise Unpatchable
    number = 1_000 + body.count(b"cNvPr ")
    anchor = _anchor(place, png, relation, number, base)
    parts.changed[drawing] = body[: end.start()] + anchor + body[end.start() :]


def _drawing_of(parts: Parts, sheet: str, part: bytes, base: str) -> str:
    """The drawing part of a sheet, made if there is none."""
    found = re.search(rb"""<(?:[\w.-]+:)?drawing\s[^>]*?\bid\s*=\s*["']([^"']+)["']""", part)
    if found:
        relations = parts.get(_relations_of(sheet)) or b""
        for link in re.findall(rb"<(?:[\w.-]+:)?Relationship\s[^>]*>", relations):
            marks = dict(re.findall(rb"""\b(\w+)\s*=\s*["']([^"']*)["']""", link))
            if marks.get(b"Id") == found[1]:
                target = marks[b"Target"].decode()
                folder = posixpath.dirname(sheet)
                return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        raise Unpatchable
    drawing = parts.free("xl/drawings/laudo%d.xml")
    spreadsheet = f"{base}/drawingml/{'2006/' if base == _COMMON else ''}spreadsheetDrawing"
    parts.changed[drawing] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<xdr:wsDr xmlns:xdr="{spreadsheet}"></xdr:wsDr>'
    ).encode()
    _add_override(parts, drawing)
    relation = _relate(parts, sheet, _kind(base, "drawing"), _relative(sheet, drawing))
    root = re.search(rb"<((?:[\w.-]+:)?)worksheet[\s>]", part)
    assert root is not None
    namespace = f"{base}/officeDocument/{'2006/' if base == _COMMON else ''}relationships"
    element = b'<%sdrawing xmlns:rl="%s" rl:id="%s"/>' % (
        root[1],
        namespace.encode(),
        relation.encode(),
    )
    data_end = part.find(b"sheetData>") if b"sheetData>" in part else part.find(b"sheetData")
    after = re.compile(rb"<(?:[\w.-]+:)?(?:%s)[\s/>]" % _AFTER.encode()).search(part, data_end)
    end = after.start() if after else part.rindex(b"</")
    parts.changed[sheet] = part[:end] + element + part[end:]
    return drawing


def _anchor(place: tuple[int, int], png: bytes, relation: str, number: int, base: str) -> bytes:
    width, height = (int.from_bytes(png[at : at + 4], "big") or 1 for at in (16, 20))
    wide = min(_MOST_WIDTH, max(1, width * _HEIGHT // height))
    high = max(1, min(_HEIGHT, wide * height // width))
    year = "2006/" if base == _COMMON else ""
    relations = f"{base}/officeDocument/{year}relationships"
    return (
        f'<xdr:oneCellAnchor xmlns:xdr="{base}/drawingml/{year}spreadsheetDrawing"'
        f' xmlns:a="{base}/drawingml/{year}main" xmlns:rl="{relations}"><xdr:from>'
        f"<xdr:col>{place[1] - 1}</xdr:col><xdr:colOff>{_EMU * 2}</xdr:colOff>"
        f"<xdr:row>{place[0] - 1}</xdr:row><xdr:rowOff>{_EMU}</xdr:rowOff></xdr:from>"
        f'<xdr:ext cx="{wide * _EMU}" cy="{high * _EMU}"/><xdr:pic><xdr:nvPicPr>'
        f'<xdr:cNvPr id="{number}" name="Signature {number}"/>'
        '<xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip rl:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch>'
        f'</xdr:blipFill><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide * _EMU}"'
        f' cy="{high * _EMU}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>"
    ).encode()


def _kind(base: str, word: str) -> str:
    year = "2006/" if base == _COMMON else ""
    return f"{base}/officeDocument/{year}relationships/{word}"


def _relate(parts: Parts, source: str, kind: str, target: str) -> str:
    """Add a relationship of a part and return its id."""
    name = _relations_of(source)
    body = (
        parts.get(name)
        or (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<Relationships xmlns="{_RELATIONS}"></Relationships>'
        ).encode()
    )
    count = 1
    while f'"laudo{count}"'.encode() in body or f"'laudo{count}'".encode() in body:
        count += 1
    root = re.search(rb"<((?:[\w.-]+:)?)Relationships\b", body)
    if root is None:
        raise Unpatchable
    prefix = root[1].decode()
    link = f'<{prefix}Relationship Id="laudo{count}" Type="{kind}" Target="{target}"/>'.encode()
    parts.changed[name] = _inside(body, b"Relationships", link)
    return f"laudo{count}"


def _add_override(parts: Parts, name: str) -> None:
    content = "application/vnd.openxmlformats-officedocument.drawing+xml"
    override = f'<Override PartName="/{name}" ContentType="{content}"/>'.encode()
    _add_type(parts, override)


def _add_default(parts: Parts, extension: bytes, content: bytes) -> None:
    types = parts.get("[Content_Types].xml") or b""
    if not re.search(rb"""Extension\s*=\s*["']%s["']""" % extension, types, re.IGNORECASE):
        _add_type(parts, b'<Default Extension="%s" ContentType="%s"/>' % (extension, content))


def _add_type(parts: Parts, element: bytes) -> None:
    types = parts.get("[Content_Types].xml")
    if types is None:
        raise Unpatchable
    root = re.search(rb"<((?:[\w.-]+:)?)Types\b", types)
    prefix = root[1] if root else b""
    parts.changed["[Content_Types].xml"] = _inside(types, b"Types", b"<" + prefix + element[1:])


def _inside(body: bytes, name: bytes, element: bytes) -> bytes:
    """The element as the last child of the root, which may be empty."""
    end = re.search(rb"</(?:[\w.-]+:)?%s\s*>\s*$" % name, body)
    if end:
        return body[: end.start()] + element + body[end.start() :]
    empty = re.search(rb"<((?:[\w.-]+:)?%s\b[^>]*?)/>\s*$" % name, body)
    if empty is None:
        raise Unpatchable
    tag = empty[1].split()[0]
    return body[: empty.start()] + b"<%s>%s</%s>" % (empty[1].rstrip(), element, tag)


def _relations_of(name: str) -> str:
    folder, base = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{base}.rels")


def _relative(source: str, target: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(source))

#!/usr/bin/env python3
"""Checks finished Laudo reports without their server.

    python laudo_verify.py report.pdf [bundle.zip ...] [--fingerprint HEX ...] [--json]

Give it PDFs of finished reports, evidence bundles, or both. It needs Python 3.11 and pyhanko (pip
install pyhanko), and no network. Each line says what holds, what differs, and what could not be
compared. The exit status is 0 if nothing differs, 1 if something does, and 2 if a file could not be
read.

--fingerprint takes the SHA-256 of the certificate that should have sealed the reports; give it once
for each if the certificate was replaced. Without it, seals are checked against the certificates
inside the files: compare the fingerprints that are printed with those that the company publishes.

What no single PDF can show is whether the audit chain was written anew before it was made. Give
several files of one company: the positions of the chain that they name are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import stat
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation import async_validate_detached_cms, validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

SNAPSHOT, PHOTOS, AUDIT = "snapshot.json", "photos.json", "audit.json"
MANIFEST, BUNDLE_FORMAT = "manifest.json", "laudo.bundle/1"
MANIFEST_SEAL = "manifest.json.p7s"
CHUNK = 1 << 20
# More than any honest file: what is larger is refused, so that it cannot fill the memory.
MOST_PDF, MOST_TEXT = 256 << 20, 64 << 20
# Honest files need a hundredth of these: parts of a hostile one contain each other.
MOST_NODES, MOST_DRAWN, MOST_COMPARED = 200_000, 256 << 20, 10_000_000_000
# How much a bundle may unpack to, in its own size. Photos and PDFs are stored as they are.
MOST_UNPACKED = 100
# A code of a font has at most two bytes.
MOST_CODES = 0xFFFF
# What drawing a form costs besides its length.
CALL = 100
UNSAFE_PATH = re.compile(r"^[/\\]|(^|[/\\])\.\.([/\\]|$)|[\\:\x00-\x1f]")
TOGETHER = "all files"
# Layouts that do not print every answer.
SUMMARIES = {"executive"}


class State(StrEnum):
    HOLDS = "holds"
    DIFFERS = "differs"
    SKIPPED = "not compared"


@dataclass(frozen=True)
class Line:
    """One result. `about` is the file or report, `what` the check, `detail` the reason."""

    state: State
    about: str
    what: str
    detail: str = ""


class Unreadable(Exception):
    """A file that is neither a PDF nor an evidence bundle."""


class Allowance:
    """How much of something one file may cost. Raises Unreadable for more."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, count: int = 1) -> None:
        self._left -= count
        if self._left < 0:
            raise Unreadable("it has more parts than any report, or they contain each other")


# --- the PDF and its attachments ------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """A PDF with its attachments; those that are missing or no JSON are None. `repeated` are the
    names that more than one attachment has: programs differ in which of them they show."""

    name: str
    data: bytes
    reader: PdfFileReader
    texts: Mapping[str, bytes]
    repeated: tuple[str, ...] = ()
    _read: dict[str, Any] = field(default_factory=dict)

    def attached(self, name: str) -> Any:
        if name not in self._read:
            self._read[name] = _json(self.texts.get(name))
        return self._read[name]


@dataclass(frozen=True)
class Known:
    """What a file says of its report: for comparing it with the other files."""

    about: str
    report: Mapping[str, Any]
    corrects: Mapping[str, Any]
    digest: str
    links: Mapping[tuple[str, int], str]


def known_of(report: Report) -> Known | None:
    """None if the file's attachments cannot be read, which the other checks say."""
    snapshot, audit = report.attached(SNAPSHOT), report.attached(AUDIT)
    try:
        return Known(
            report.name,
            snapshot["report"],
            snapshot.get("corrects") or {},
            hashlib.sha256(report.texts[SNAPSHOT]).hexdigest(),
            dict(_links(snapshot, audit or {"entries": []})),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _links(
    snapshot: Mapping[str, Any], audit: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, int], str]]:
    """The hash at each position of the company's chain that the file names."""
    tenant, head = snapshot["report"]["tenant"], snapshot["audit"]
    yield (tenant, int(head["sequence"])), head["hash"]
    for entry in audit["entries"]:
        sequence = int(entry["sequence"])
        yield (tenant, sequence - 1), entry["previous_hash"]
        yield (tenant, sequence), entry["hash"]


def open_report(name: str, data: bytes) -> Report:
    """Raises Unreadable."""
    try:
        reader = PdfFileReader(BytesIO(data))
        attached = list(_attachments(reader))
        counts = Counter(one for one, _data in attached)
        repeated = tuple(sorted(one for one, count in counts.items() if count > 1))
        return Report(name, data, reader, dict(attached), repeated)
    except Exception as error:
        raise Unreadable(f"{name} is not a PDF that can be read: {error}") from error


def _attachments(reader: PdfFileReader) -> Iterator[tuple[str, bytes]]:
    names = _at(_at(reader.root, "/Names", {}), "/EmbeddedFiles")
    for name, specification in _name_tree(names, Allowance(MOST_NODES)) if names else ():
        data = bytes(specification["/EF"]["/F"].data)
        if len(data) > MOST_TEXT:
            raise Unreadable(f"the attachment {name} has more than {MOST_TEXT >> 20} MB")
        yield str(name), data


def _name_tree(node: Any, allowance: Allowance) -> Iterator[tuple[Any, Any]]:
    allowance.take()
    pairs = list(_items(_at(node, "/Names", [])))
    yield from zip(pairs[::2], pairs[1::2], strict=False)
    for kid in _items(_at(node, "/Kids", [])):
        yield from _name_tree(kid, allowance)


def _at(node: Any, key: str, default: Any = None) -> Any:
    """The object at a key, wherever the file keeps it."""
    # The dictionaries' own get() does not follow references.
    return node[key] if key in node else default  # noqa: SIM401


def _items(array: Iterable[Any]) -> Iterator[Any]:
    for one in array:
        is_reference = isinstance(one, generic.IndirectObject)
        yield one.get_object() if is_reference else one  # type: ignore[no-untyped-call]


def _json(text: bytes | str | None) -> Any:
    """None for what is no JSON, or what two programs may read differently."""
    try:
        return None if text is None else read_json(text)
    except (ValueError, RecursionError):
        return None


def read_json(text: bytes | str) -> Any:
    """Raises ValueError also for a name that stands twice, and for numbers that JSON has not."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


# --- the seal -------------------------------------------------------------------------------------


def check_seal(report: Report, fingerprint: str) -> Iterator[Line]:
    """One certification signature over the whole file that allows no change."""
    _check_fields(report.reader)
    signatures = report.reader.embedded_signatures
    if len(signatures) != 1:
        yield Line(State.DIFFERS, report.name, "seal", f"{len(signatures)} seals instead of one")
        return
    (signature,) = signatures
    certificate = signature.signer_cert
    moment = signature.self_reported_timestamp
    context = ValidationContext(
        trust_roots=[certificate],
        allow_fetching=False,
        revocation_mode="soft-fail",
        moment=moment,
        best_signature_time=moment,
    )
    # Whatever came after the seal is named as such, so it need not be analysed.
    status = validate_pdf_signature(signature, context, skip_diff=True)
    parts = {
        "the sealed bytes are unchanged": status.intact,
        "the signature is genuine": status.valid,
        "it covers the whole file": status.coverage is SignatureCoverageLevel.ENTIRE_FILE,
        "it allows no change": signature.docmdp_level is MDPPerm.NO_CHANGES,
        "nothing hides beside it": _is_alone(report.data, signature),
    }
    for what, holds in parts.items():
        yield Line(State.HOLDS if holds else State.DIFFERS, report.name, f"seal: {what}")
    yield _validity(report.name, certificate, moment)
    yield _owner(report.name, certificate.sha256.hex(), moment, fingerprint)


def _check_fields(reader: PdfFileReader) -> None:
    """Raises Unreadable if the form's fields contain each other."""
    allowance = Allowance(MOST_NODES)

    def walk(fields: Any) -> None:
        for one in _items(fields):
            allowance.take()
            walk(_at(one, "/Kids", []))

    walk(_at(_at(reader.root, "/AcroForm", {}), "/Fields", []))


def _validity(about: str, certificate: Any, moment: datetime | None) -> Line:
    """Whether the seal says that it was made while its certificate was valid. That the certificate
    has ended since changes nothing."""
    validity = certificate["tbs_certificate"]["validity"].native
    first, last = validity["not_before"], validity["not_after"]
    holds = moment is not None and first <= moment <= last
    ended = ", and has ended since" if last < datetime.now(UTC) else ""
    detail = f"sealed {moment}, valid from {first} to {last}{ended}"
    return _line(holds, about, "seal: made while its certificate was valid", detail)


def _owner(about: str, found: str, moment: object, fingerprint: str) -> Line:
    """Whose certificate it is. `fingerprint` may name several, separated by commas."""
    if not fingerprint:
        detail = f"certificate {found}, sealed {moment}: compare it with the one that is published"
        return Line(State.SKIPPED, about, "seal: the certificate's owner", detail)
    is_expected = found in map(_hex, fingerprint.split(","))
    return _line(is_expected, about, "seal: the certificate is the expected one", found)


def _is_alone(data: bytes, signature: Any) -> bool:
    """Whether the bytes that the seal leaves out are the seal itself, and zeros up to its room."""
    first, length, second, _rest = (int(one) for one in signature.byte_range)
    held = bytes(signature.pkcs7_content)
    own = cms.ContentInfo.load(held).dump()
    is_filled = not held.removeprefix(own).strip(b"\0") and held.startswith(own)
    return is_filled and data[first + length : second] == b"<%s>" % held.hex().upper().encode()


def _is_digest(text: str) -> bool:
    return len(_hex(text)) == 64 and not re.search(r"[^0-9A-Fa-f:\s]", text)


def _hex(text: str) -> str:
    return re.sub(r"[^0-9a-f]", "", text.lower())


# --- snapshot, audit chain, photos ----------------------------------------------------------------


def check_attachments(report: Report) -> Iterator[Line]:
    """The attachments agree with each other."""
    for name in report.repeated:
        yield Line(State.DIFFERS, report.name, f"attachment {name}", "several have this name")
    for name in (SNAPSHOT, PHOTOS, AUDIT):
        if report.attached(name) is None:
            yield Line(State.DIFFERS, report.name, f"attachment {name}", "missing or unreadable")
    snapshot, photos, audit = (report.attached(name) for name in (SNAPSHOT, PHOTOS, AUDIT))
    if snapshot is None or photos is None or audit is None:
        return
    yield from _check_entries(report.name, audit)
    yield from _check_heads(report, snapshot, audit)
    known = {_photo(one, "id", "byte_size") for one in snapshot["photos"]}
    listed = {_photo(one, "placement", "bytes") for one in photos["photos"]}
    yield _line(known == listed, report.name, "the list of photos is that of the snapshot")


def _photo(one: Mapping[str, Any], placement: str, size: str) -> tuple[Any, ...]:
    """A placed photo. Snapshots of the first releases have one place for each photo."""
    photo = one.get("photo", one[placement])
    return one[placement], photo, one["sha256"], one["field"], one[size]


def _check_entries(name: str, audit: Mapping[str, Any]) -> Iterator[Line]:
    """Each entry has the hash of its text, and entries that follow each other are linked."""
    entries, wrong, before = audit["entries"], [], None
    for entry in entries:
        parts = (entry["previous_hash"], audit["tenant"])
        text = "\n".join((*parts, entry["sequence"], entry["at"], entry["body"]))
        is_linked = True
        if before and int(entry["sequence"]) == int(before["sequence"]) + 1:
            is_linked = entry["previous_hash"] == before["hash"]
        if before and int(entry["sequence"]) <= int(before["sequence"]):
            is_linked = False
        if hashlib.sha256(text.encode()).hexdigest() != entry["hash"] or not is_linked:
            wrong.append(entry["sequence"])
        before = entry
    what = f"audit chain: {len(entries)} entries have their hashes and links"
    yield _line(not wrong, name, what, f"not those: {', '.join(wrong)}" if wrong else "")


def _check_heads(
    report: Report, snapshot: Mapping[str, Any], audit: Mapping[str, Any]
) -> Iterator[Line]:
    name, entries = report.name, audit["entries"]
    digest = hashlib.sha256(report.texts[SNAPSHOT]).hexdigest()
    completed = [one for one in entries if _action(one) == "report.completed"]
    named = _facts(completed[-1]).get("snapshot_sha256") if completed else None
    yield _line(named == digest, name, "the audit chain names this snapshot", digest)
    head = snapshot["audit"]
    is_there = any(
        (one["sequence"], one["hash"]) == (head["sequence"], head["hash"]) for one in entries
    )
    where = f"position {head['sequence']}, {head['hash']}"
    yield _line(is_there, name, "the snapshot names its place in the audit chain", where)
    last = entries[-1] if entries else {}
    is_head = audit["head"] == {"sequence": last.get("sequence"), "hash": last.get("hash")}
    yield _line(is_head, name, "the extract ends with its head")
    is_own = snapshot["report"]["id"] == audit["report"] == report.attached(PHOTOS)["report"]
    yield _line(is_own, name, "all attachments are of this report")


def _action(entry: Mapping[str, str]) -> str:
    return str(read_json(entry["body"]).get("action"))


def _facts(entry: Mapping[str, str]) -> Mapping[str, Any]:
    facts = read_json(entry["body"]).get("facts")
    return facts if isinstance(facts, dict) else {}


def _line(holds: bool, about: str, what: str, detail: str = "") -> Line:
    return Line(State.HOLDS if holds else State.DIFFERS, about, what, detail)


# --- the printed text -----------------------------------------------------------------------------


def check_text(report: Report) -> Iterator[Line]:
    """What was typed into the report stands in the PDF, character for character without spaces."""
    snapshot = report.attached(SNAPSHOT)
    if snapshot is None:
        return
    printed = printed_text(report.reader)
    counts = dict.fromkeys(State, 0)
    search = Search(printed)
    for what, text in typed_texts(snapshot):
        found = _compare(text, search)
        if found is State.DIFFERS and snapshot.get("layout") in SUMMARIES:
            found = State.SKIPPED
        counts[found] += 1
        if found is State.DIFFERS:
            yield Line(found, report.name, f"printed text: {what}", _short(text))
        elif found is State.SKIPPED and _is_other_script(text):
            detail = f"right-to-left or fallback font: {_short(text)}"
            yield Line(found, report.name, f"printed text: {what}", detail)
    what = f"printed text: {counts[State.HOLDS]} texts stand in the PDF as in the snapshot"
    yield Line(State.HOLDS, report.name, what)
    if counts[State.SKIPPED]:
        detail = f"{counts[State.SKIPPED]} texts: another script, or a layout that sums them up"
        yield Line(State.SKIPPED, report.name, "printed text", detail)


class Search:
    """Finds texts, which are printed more or less in their order, so it goes on where it was."""

    def __init__(self, printed: str) -> None:
        self._printed, self._at = printed, 0
        self._allowance = Allowance(MOST_COMPARED)

    def finds(self, text: str) -> bool:
        return self._finds(text, self._at) or (self._at > 0 and self._finds(text, 0))

    def _finds(self, text: str, start: int) -> bool:
        found = self._printed.find(text, start)
        self._allowance.take((len(self._printed) if found < 0 else found) - start + len(text))
        self._at = found if found >= 0 else self._at
        return found >= 0


def _compare(text: str, search: Search) -> State:
    if _is_other_script(text):
        return State.SKIPPED
    return State.HOLDS if search.finds(_tight(text)) else State.DIFFERS


def _tight(text: str) -> str:
    """Without spaces, invisible characters and typographic variants."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    kept = (one for one in plain if unicodedata.category(one) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))
    return "".join(kept)


def _is_other_script(text: str) -> bool:
    """Whether the PDF may print it in another order, or in another font."""
    return any(map(_is_foreign, text))


def _is_foreign(one: str) -> bool:
    """Neither Latin nor Greek, no symbol of the basic plane, or a mark on another character."""
    is_alphabet = ord(one) <= 0x24F or 0x370 <= ord(one) <= 0x3FF
    return (
        unicodedata.bidirectional(one) in ("R", "AL", "AN")
        or (one.isalpha() and not is_alphabet)
        or ord(one) > 0xFFFF
        or unicodedata.category(one) == "Mn"
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def typed_texts(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and texts of a snapshot that a PDF prints as they were typed."""
    typed = set(_typed_fields(snapshot["definition"]["body"]))
    for field_id, answer in snapshot["answers"].items():
        for part in ("comment", "na_reason"):
            if answer.get(part):
                yield f"{part} of {field_id}", answer[part]
        value = answer.get("value")
        if isinstance(value, str) and field_id in typed and not answer.get("own"):
            yield f"answer of {field_id}", value
    for photo in snapshot["photos"]:
        if photo.get("caption"):
            yield f"caption of a photo of {photo['field']}", photo["caption"]
    for role, signature in snapshot["signatures"].items():
        yield f"signer of {role}", signature["signer"]
        for part, said in (signature.get("witness") or {}).items():
            if said and part != "id":
                yield f"{part} of the witness of {role}", said
    report = snapshot["report"]
    yield "number", f"{report['number']}-R{report['revision']}"
    yield "title", report["title"]
    yield "project", report["project"]["name"]


def _typed_fields(definition: Mapping[str, Any]) -> Iterator[str]:
    """Other fields are printed in words of their own: labels of choices, dates, numbers."""
    groups = [definition.get("info_fields", [])]
    groups += [one["fields"] for one in definition["sections"]]
    for fields in groups:
        yield from (one["id"] for one in fields if one["type"] in ("text", "long_text"))


def printed_text(reader: PdfFileReader) -> str:
    """The characters of all pages in the order of drawing, without spaces, heads and feet."""
    drawn = Allowance(MOST_DRAWN)
    pages = _pages(reader.root["/Pages"], Allowance(MOST_NODES))
    return _tight("".join("".join(_page_text(page, drawn)) for page in pages))


def _pages(node: Any, allowance: Allowance, resources: Any = None) -> Iterator[tuple[Any, Any]]:
    allowance.take()
    resources = _at(node, "/Resources", resources)
    if _at(node, "/Type") == "/Page":
        yield node, resources
        return
    for kid in _items(_at(node, "/Kids", [])):
        yield from _pages(kid, allowance, resources)


def _page_text(page: tuple[Any, Any], drawn: Allowance) -> Iterator[str]:
    node, resources = page
    contents = _at(node, "/Contents", generic.ArrayObject())
    streams = _items(contents if isinstance(contents, generic.ArrayObject) else [contents])
    yield from _stream_text(b"\n".join(one.data for one in streams), resources or {}, drawn)


def _stream_text(data: bytes, resources: Any, drawn: Allowance) -> Iterator[str]:
    """The text that a content stream shows, outside of what is marked as an artifact."""
    drawn.take(len(data) + CALL)
    fonts = _at(resources, "/Font", {})
    decode: Callable[[bytes], str] | None = None
    marks: list[bool] = []
    for operator, operands in _operations(data):
        if operator in (b"BDC", b"BMC"):
            marks.append(bool(operands) and operands[0] == b"/Artifact")
        elif operator == b"EMC" and marks:
            marks.pop()
        elif operator == b"Tf" and operands:
            decode = _decoder(fonts, operands[0].decode("latin-1"), drawn)
        elif operator == b"Do" and operands and not any(marks):
            yield from _form_text(resources, operands[0].decode("latin-1"), drawn)
        elif operator in (b"Tj", b"TJ", b"'", b'"') and decode and not any(marks):
            for one in operands:
                if one[:1] in b"(<":
                    yield decode(_string(one))


def _form_text(resources: Any, name: str, drawn: Allowance) -> Iterator[str]:
    form = _at(_at(resources, "/XObject", {}), name)
    if form is not None and _at(form, "/Subtype") == "/Form":
        yield from _stream_text(form.data, _at(form, "/Resources", resources), drawn)


TOKEN = re.compile(
    # Without a way back: a string that does not end is one token, not one try for each character.
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*+\))*+\)?|<<|>>|<[0-9A-Fa-f\s]*>|/[^\s()<>\[\]{}/%]*"
    rb"|[\[\]]|%[^\r\n]*|[^\s()<>\[\]{}/%]+",
    re.S,
)
NUMBER = re.compile(rb"[-+.\d]")


def _operations(data: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """Each operator with the names and strings before it; images in the stream are passed over."""
    operands: list[bytes] = []
    for found in TOKEN.finditer(data):
        token = found.group()
        if token[:1] in b"(</" or NUMBER.match(token):
            operands.append(token)
        elif token[:1] not in b"[]%>":
            yield token, operands
            operands = []


def _string(token: bytes) -> bytes:
    if token.startswith(b"<"):
        digits = re.sub(rb"\s", b"", token[1:-1])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return re.sub(rb"\\([nrtbf()\\]|[0-7]{1,3}|\r?\n)", _unescaped, token[1:-1], flags=re.S)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found.group(1)
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    if code in plain:
        return plain[code]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 0xFF])
    return b"" if code.strip() == b"" else code


def _decoder(fonts: Any, name: str, drawn: Allowance) -> Callable[[bytes], str] | None:
    """Turns the codes of a font into text by its ToUnicode table; None if it has none."""
    font = _at(fonts, name)
    if font is None or "/ToUnicode" not in font:
        return None
    data = bytes(font["/ToUnicode"].data)
    drawn.take(len(data))
    table = _cmap(data)
    width = 2 if _at(font, "/Subtype") == "/Type0" else 1

    def decode(codes: bytes) -> str:
        parts = (codes[at : at + width] for at in range(0, len(codes), width))
        return "".join(table.get(int.from_bytes(one), "\ufffd") for one in parts)

    return decode


def _cmap(data: bytes) -> Mapping[int, str]:
    table: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", data, re.S):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f\s]*)>", block):
            table[int(code, 16)] = _utf16(text)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", data, re.S):
        for first, last, text in re.findall(
            rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f\s]*)>", block
        ):
            start = _utf16(text)
            for step in range(min(int(last, 16) - int(first, 16), MOST_CODES) + 1):
                table[int(first, 16) + step] = start[:-1] + chr(ord(start[-1]) + step)
    return table


def _utf16(digits: bytes) -> str:
    text = bytes.fromhex(re.sub(rb"\s", b"", digits).decode()).decode("utf-16-be", "replace")
    return text or "\ufffd"


# --- revisions ------------------------------------------------------------------------------------


def check_revisions(reports: Iterable[Known]) -> Iterator[Line]:
    """Each revision names one of the given reports that was completed before it, and its hash."""
    known = {one.report["id"]: one for one in reports}
    for one in sorted(known.values(), key=_turn):
        report, name = one.report, _full(one.report)
        if report["revision_of"] is None:
            continue
        earlier = known.get(report["revision_of"])
        if earlier is None:
            detail = f"the report that it replaces is not given: {report['revision_of']}"
            yield Line(State.SKIPPED, name, "revision", detail)
            continue
        holds = (
            earlier.report["number"] == report["number"]
            and int(earlier.report["revision"]) < int(report["revision"])
            and earlier.report["completed_at"] < report["completed_at"]
            and one.corrects.get("snapshot_sha256", earlier.digest) == earlier.digest
        )
        yield _line(holds, name, f"revision: it replaces {_full(earlier.report)}")


def _turn(one: Known) -> tuple[str, int]:
    return one.report["number"], int(one.report["revision"])


def check_chains(reports: Iterable[Known]) -> Iterator[Line]:
    """Files of one company name the same hash at the same position of its audit chain."""
    hashes: dict[tuple[str, int], dict[str, str]] = {}
    for one in reports:
        for link, digest in one.links.items():
            hashes.setdefault(link, {}).setdefault(digest, one.about)
    shared = {link: named for link, named in hashes.items() if len(named) > 1}
    for (_tenant, sequence), named in sorted(shared.items()):
        files = " and ".join(named.values())
        what = f"audit chain: entry {sequence} has different hashes in {files}"
        yield Line(State.DIFFERS, TOGETHER, what)
    if hashes and not shared:
        what = f"audit chain: {len(hashes)} positions, none with two hashes"
        yield Line(State.HOLDS, TOGETHER, what)


def _full(report: Mapping[str, Any]) -> str:
    return f"{report['number']}-R{report['revision']}"


# --- the bundle -----------------------------------------------------------------------------------


def check_bundle(path: Path, fingerprint: str, reports: list[Known]) -> Iterator[Line]:
    """The seal and the files of the bundle, and its reports with their photos. Adds what these say
    to `reports`.

    Raises Unreadable.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            _refuse_bomb(path, bundle)
            text = _read_entry(bundle, MANIFEST)
            manifest = _json(text)
            if not isinstance(manifest, dict) or manifest.get("format") != BUNDLE_FORMAT:
                raise Unreadable(f"{path.name} is not an evidence bundle")
            yield from _check_manifest_seal(path.name, bundle, text, manifest, fingerprint)
            yield from _check_files(path.name, bundle, manifest)
            for one in manifest["reports"]:
                yield from _check_bundled(bundle, manifest, one, fingerprint, reports)
    except Unreadable:
        raise
    except Exception as error:
        # Damaged or hostile bytes fail anywhere in the readers, with errors of any kind.
        raise Unreadable(f"{path.name} cannot be read: {error}") from error


def _check_manifest_seal(
    name: str,
    bundle: zipfile.ZipFile,
    text: bytes,
    manifest: Mapping[str, Any],
    fingerprint: str,
) -> Iterator[Line]:
    """The list of files is sealed, so no file can be left out or replaced with its line."""
    about = f"{name}: {MANIFEST}"
    try:
        signed = cms.ContentInfo.load(_read_entry(bundle, MANIFEST_SEAL), strict=True)["content"]
        certificate = extract_certificate_info(signed).signer_cert
        moment = datetime.fromisoformat(manifest["made_at"])
        context = ValidationContext(
            trust_roots=[certificate],
            allow_fetching=False,
            revocation_mode="soft-fail",
            moment=moment,
            best_signature_time=moment,
        )
        status = asyncio.run(
            async_validate_detached_cms(text, signed, signer_validation_context=context)
        )
    except Exception as error:
        # Damaged or hostile bytes fail anywhere in the readers, with errors of any kind.
        yield Line(State.DIFFERS, about, "seal", f"{type(error).__name__}: {error}")
        return
    yield _line(status.intact and status.valid, about, "seal: the list of files is unchanged")
    yield _validity(about, certificate, moment)
    yield _owner(about, certificate.sha256.hex(), moment, fingerprint)


def _check_files(name: str, bundle: zipfile.ZipFile, manifest: Mapping[str, Any]) -> Iterator[Line]:
    listed = {one["path"]: (one["sha256"], int(one["bytes"])) for one in manifest["files"]}
    there = set(bundle.namelist()) - {MANIFEST, MANIFEST_SEAL}
    for path in sorted(set(listed) - there):
        yield Line(State.DIFFERS, name, f"file {path}", "missing")
    for path in sorted(there - set(listed)):
        yield Line(State.DIFFERS, name, f"file {path}", "not listed in the manifest")
    yield from _check_names(name, bundle)
    good = 0
    for path in sorted(set(listed) & there):
        if _digest(bundle, path) == listed[path]:
            good += 1
        else:
            yield Line(State.DIFFERS, name, f"file {path}", "its bytes changed")
    yield Line(State.HOLDS, name, f"{good} of {len(listed)} files have the listed hashes")
    for one in manifest.get("missing", ()):
        yield Line(State.DIFFERS, name, f"file {one['path']}", f"the server had it {one['reason']}")


def _refuse_bomb(path: Path, bundle: zipfile.ZipFile) -> None:
    """Raises Unreadable for an archive that unpacks to far more than honest ones do."""
    size = sum(one.file_size for one in bundle.infolist())
    if size > MOST_TEXT + MOST_UNPACKED * path.stat().st_size:
        raise Unreadable(f"{path.name} would unpack to {size >> 20} MB, far more than its own size")


def _check_names(name: str, bundle: zipfile.ZipFile) -> Iterator[Line]:
    """Whoever unpacks the bundle gets each of its files, and no file elsewhere."""
    seen: set[str] = set()
    for one in bundle.infolist():
        if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
            yield Line(State.DIFFERS, name, f"file {one.filename}", "it is no file but a link")
        if UNSAFE_PATH.search(one.filename):
            yield Line(State.DIFFERS, name, f"file {one.filename}", "its name leads elsewhere")
        folded = unicodedata.normalize("NFC", one.filename).casefold()
        if folded in seen:
            detail = "another one has this name, or only differs in capitals"
            yield Line(State.DIFFERS, name, f"file {one.filename}", detail)
        seen.add(folded)


def _digest(bundle: zipfile.ZipFile, path: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        with bundle.open(path) as file:
            while part := file.read(CHUNK):
                digest.update(part)
                size += len(part)
    except Exception:
        return "", -1
    return digest.hexdigest(), size


def _read_entry(bundle: zipfile.ZipFile, path: str, most: int = MOST_TEXT) -> bytes:
    """Raises Unreadable for more than `most` bytes, whatever the archive says of its size."""
    with bundle.open(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Unreadable(f"{path} has more than {most >> 20} MB")
    return data


def _check_bundled(
    bundle: zipfile.ZipFile,
    manifest: Mapping[str, Any],
    listed: Mapping[str, Any],
    fingerprint: str,
    reports: list[Known],
) -> Iterator[Line]:
    """One report of a bundle: its PDFs, the texts beside them, and its photos' original files."""
    files = {one["path"]: one["sha256"] for one in manifest["files"]}
    folder, there = listed["folder"], set(bundle.namelist())
    beside = {
        name: _read_entry(bundle, f"{folder}/{name}")
        for name in (SNAPSHOT, PHOTOS, AUDIT)
        if f"{folder}/{name}" in there
    }
    if not listed["documents"]:
        yield Line(State.SKIPPED, _full(listed), "it has no PDF in the bundle")
    for path in listed["documents"]:
        try:
            report = open_report(path, _read_entry(bundle, path, MOST_PDF))
        except Exception as error:
            yield Line(State.DIFFERS, path, "cannot be read", str(error) or type(error).__name__)
            continue
        if path in listed["unsealed"]:
            report = Report(path, report.data, report.reader, beside)
        yield from check_report(report, fingerprint, is_sealed=path not in listed["unsealed"])
        if known := known_of(report):
            reports.append(known)
            yield from _check_listed(path, listed, known, report, beside)
            yield from _check_photos(path, report, folder, files)


def _check_listed(
    path: str,
    listed: Mapping[str, Any],
    known: Known,
    report: Report,
    beside: Mapping[str, bytes],
) -> Iterator[Line]:
    """The manifest names the PDF's own report, and the texts beside it are those inside it."""
    names = ("id", "number", "revision")
    is_own = all(listed[one] == known.report[one] for one in names)
    yield _line(is_own, path, "the manifest names its report")
    wrong = [name for name, text in beside.items() if report.texts.get(name) != text]
    what = f"{len(beside)} texts beside the PDF are those inside it"
    yield _line(not wrong, path, what, f"not {', '.join(wrong)}" if wrong else "")


def _check_photos(
    path: str, report: Report, folder: str, files: Mapping[str, str]
) -> Iterator[Line]:
    snapshot, photos = report.attached(SNAPSHOT), report.attached(PHOTOS) or {"photos": []}
    hashes = {digest for name, digest in files.items() if name.startswith("photos/")}
    lost = sorted({one["sha256"] for one in snapshot["photos"]} - hashes)
    what = f"{len(snapshot['photos'])} photos of the snapshot are in the bundle"
    yield _line(not lost, path, what, f"not there: {', '.join(lost)}" if lost else "")
    # A photo that a revision carries on is in the bundle once, under its first name.
    named = {f"photos/{folder}/{one['name']}": one["sha256"] for one in photos["photos"]}
    wrong = [name for name, digest in named.items() if files.get(name, digest) != digest]
    for name in sorted(wrong):
        yield Line(State.DIFFERS, path, f"file {name}", "it is another photo of the list")


# --- the command ----------------------------------------------------------------------------------


def check_report(report: Report, fingerprint: str, *, is_sealed: bool = True) -> Iterator[Line]:
    """All checks of one PDF; one that fails half-way counts as a difference. One that a sealed
    bundle says was made before PDFs were sealed need not have a seal."""
    yield from _guarded(
        report.name,
        lambda: check_seal(report, fingerprint) if is_sealed else _no_seal(report),
        lambda: check_attachments(report),
        lambda: check_text(report),
    )


def _guarded(about: str, *checks: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            yield Line(State.DIFFERS, about, "could not be checked", detail)


def _no_seal(report: Report) -> Iterator[Line]:
    detail = "made before PDFs were sealed; the seal of the bundle's list covers its bytes"
    yield Line(State.SKIPPED, report.name, "seal", detail)


def verify(files: Iterable[Path], fingerprint: str = "") -> list[Line]:
    """The results of all files, in their order. Raises Unreadable."""
    lines: list[Line] = []
    reports: list[Known] = []
    for path in files:
        data = _read(path)
        if data.startswith(b"PK"):
            lines += check_bundle(path, fingerprint, reports)
            continue
        report = open_report(path.name, data)
        lines += check_report(report, fingerprint)
        if known := known_of(report):
            reports.append(known)
    if not reports:
        detail = "nothing else proves what a report says"
        lines.append(Line(State.DIFFERS, TOGETHER, "no PDF of a report is among them", detail))
    together = (lambda: check_revisions(reports), lambda: check_chains(reports))
    return [*lines, *_guarded(TOGETHER, *together)]


def _read(path: Path) -> bytes:
    """The file, or only the start of a bundle, which may be larger than memory."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            data = start if start.startswith(b"PK") else start + file.read(MOST_PDF)
    except OSError as error:
        raise Unreadable(f"{path}: {error}") from error
    if len(data) > MOST_PDF:
        raise Unreadable(f"{path.name} has more than {MOST_PDF >> 20} MB")
    return data


def _plain(text: str) -> str:
    """On one line, and without codes for the terminal: names and answers are not ours."""
    shown = (one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return "".join(shown)


MARKS = {State.HOLDS: "ok      ", State.DIFFERS: "DIFFERS ", State.SKIPPED: "-       "}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="laudo_verify.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--fingerprint", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if wrong := [one for one in given.fingerprint if not all(map(_is_digest, one.split(",")))]:
        parser.error(f"{wrong[0]!r} is not the SHA-256 of a certificate: 64 hexadecimal digits")
    if isinstance(sys.stdout, TextIOWrapper):
        # A console may lack some characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        lines = verify(given.files, ",".join(given.fingerprint))
    except Unreadable as error:
        print(json.dumps({"error": str(error)}) if given.json else _plain(str(error)))
        return 2
    is_good = not any(one.state is State.DIFFERS for one in lines)
    if given.json:
        print(json.dumps({"good": is_good, "lines": [asdict(one) for one in lines]}, indent=1))
    else:
        for one in lines:
            detail = f" ({one.detail})" if one.detail else ""
            print(MARKS[one.state] + " " + _plain(f"{one.about}: {one.what}{detail}"))
        print("Nothing differs." if is_good else "Something differs: see the lines above.")
    return 0 if is_good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Whoever read the lines has stopped, so nobody knows the last one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(2)

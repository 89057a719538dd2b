"""Compares the chains with their anchors: those in the places outside, in files that somebody kept,
and in the database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from app.anchors.comparison import Contradiction, compare, compare_head
from app.anchors.lines import Claim, NotAnAnchor, line_of, public_key, read_line
from app.anchors.places import PlaceUnavailable, list_places
from app.anchors.queries import each_anchor
from app.commands.check.finding import Finding, ok, run, warning, wrong
from app.models import AnchorKind
from app.platform.queries import UnknownTenant, get_tenant_id
from app.storage.references import list_tenant_ids
from app.tenancy import call_definer, platform_scope, tenant_scope
from app.tombstones import list_erased

PART = "anchors"
PRINTED = re.compile(r"\s*(\d{1,18})\s*:\s*([0-9a-fA-F]{64})\s*")
LATE_SECONDS = 3 * 3600
DATABASE = "the database"


@dataclass(slots=True)
class Reading:
    """What was read: claims by company, and what was wrong with some lines, in sentences."""

    claims: dict[UUID, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    findings: list[Finding] = field(default_factory=list)
    foreign_keys: int = 0

    def add(self, lines: Iterable[str], source: str) -> None:
        changed = torn = 0
        for line in filter(str.strip, lines):
            try:
                claim = read_line(line)
            except NotAnAnchor:
                torn += 1
                continue
            if not claim.is_genuine:
                changed += 1
            elif self._is_trusted(claim):
                self.claims[claim.tenant_id].append(claim)
        if changed:
            words = f"{changed} anchors in {source} were changed: their signatures do not fit."
            self.findings.append(wrong(PART, words))
        if torn:
            words = f"{torn} lines in {source} are no anchors; one may be left by a crash."
            self.findings.append(warning(PART, words))

    def _is_trusted(self, claim: Claim) -> bool:
        """Anyone can make a key. What it signs may raise a question, but not answer one."""
        if claim.public_key == public_key():
            return True
        self.foreign_keys += 1
        return claim.kind is AnchorKind.HEAD


def check_anchors(files: Iterable[Path] = ()) -> Iterator[Finding]:
    """Compare every anchor with its chain."""
    otherwise = "The anchors could not be compared: look at the database."
    yield from run(PART, lambda: _check(files), otherwise)


def check_printed_head(head: str, slug: str) -> Iterator[Finding]:
    """Compare the entry and hash that a PDF prints with the company's chain."""
    printed = PRINTED.fullmatch(head)
    if not printed:
        yield wrong(
            PART,
            "--head is ENTRY:HASH as the PDF's evidence page prints it: a number, a colon and 64"
            " hexadecimal digits.",
        )
        return
    try:
        tenant_id = get_tenant_id(slug)
    except UnknownTenant as error:
        yield wrong(PART, str(error))
        return
    sequence, hash = int(printed[1]), printed[2].lower()
    with tenant_scope(tenant_id):
        found = compare_head(sequence, hash)
    if found:
        yield wrong(PART, f"{slug}: {describe(found)}")
    else:
        yield ok(PART, f"{slug}: entry {sequence} has this hash.")


def read_anchors(files: Iterable[Path] = ()) -> Reading:
    """All anchors, from all places."""
    reading = Reading()
    for place in list_places():
        try:
            reading.add(place.read(), place.name)
        except PlaceUnavailable as error:
            reading.findings.append(warning(PART, str(error)))
    for path in files:
        with path.open(encoding="utf-8", errors="replace") as file:
            reading.add(file, str(path))
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            reading.add((line_of(one) for one in each_anchor()), DATABASE)
    return reading


def describe(found: Contradiction) -> str:
    """What is wrong with the chain, and since when."""
    said = f"the anchor of {found.at:%Y-%m-%d %H:%M} UTC" if found.at else "the PDF"
    if found.is_cut:
        what = (
            f"the audit chain ends at entry {found.head}, but {said} names entry {found.sequence}:"
            " the end was cut off, or the database is an older one"
        )
    elif not found.found:
        what = f"entry {found.sequence}, which {said} names, is missing"
    else:
        what = f"entry {found.sequence} was rewritten: {said} has another hash"
    since = f" Unchanged up to entry {found.agreed.sequence}." if found.agreed.sequence else ""
    more = f" {found.count} anchors contradict the chain." if found.count > 1 else ""
    return f"{what}.{since}{more} Keep the database as it is and compare it with a backup."


def _check(files: Iterable[Path]) -> Iterator[Finding]:
    reading = read_anchors(files)
    yield from reading.findings
    is_good = not reading.findings
    known, count = list_tenant_ids(), 0
    for tenant_id in known:
        with tenant_scope(tenant_id):
            result = compare(reading.claims.pop(tenant_id, ()))
        count += result.claims
        if result.contradiction:
            is_good = False
            yield wrong(PART, f"Tenant {tenant_id}: {describe(result.contradiction)}")
        if result.set_aside:
            yield warning(PART, f"Tenant {tenant_id}: {_aside(result.set_aside)}")
    for tenant_id in _vanished(reading.claims):
        is_good = False
        yield wrong(
            PART,
            f"Tenant {tenant_id} has anchors but no rows, and no tombstone says that it was"
            " erased.",
        )
    if reading.foreign_keys:
        yield warning(
            PART,
            f"{reading.foreign_keys} anchors are signed with another key: that of an earlier"
            " SECRET_KEY, or somebody else's.",
        )
    yield from _delivery()
    if is_good:
        yield ok(PART, f"{count} anchors agree with {len(known)} audit chains.")


def _aside(count: int) -> str:
    return (
        f"{count} anchors contradict the chain and are set aside, because an operator stated that"
        " a backup was restored (`flask anchors restored`)."
    )


def _vanished(claims: Iterable[UUID]) -> list[UUID]:
    with platform_scope() as session:
        erased = list_erased(session)
    return sorted(set(claims) - erased)


def _delivery() -> Iterator[Finding]:
    if not list_places():
        yield warning(
            PART,
            "No place outside keeps the anchors: set ANCHOR_DIR, ANCHOR_BUCKET or ANCHOR_URL.",
        )
        return
    (row,) = call_definer("count_anchors")
    if (row.oldest_seconds or 0) > LATE_SECONDS:
        yield wrong(
            PART,
            f"{row.waiting} anchors wait for a place outside, the oldest for"
            f" {row.oldest_seconds / 3600:.0f} hours: look at the relay's log.",
        )

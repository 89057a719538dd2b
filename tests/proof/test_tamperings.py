"""A hundred single tamperings, of every kind at least once: each is named by who must name it.

TAMPERINGS says how many, TAMPERINGS_SEED which; TAMPERINGS_TABLE is a file for the table of who
found what, which is printed, too.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pikepdf
import psycopg2
import pytest

from app.commands.check.anchors import check_anchors, check_printed_head
from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Level
from app.commands.check.seals import check_seals
from app.documents import making
from tests.evidence.stage import ALWAYS
from tests.evidence.tampering import unguarded
from tests.policy.evidence_columns import TABLES
from tests.proof.kinds import KINDS, RECHAIN, Kind, Site, Witness, columns_of
from tests.proof.world import World, anchor, make_pdf, newest_pdf
from tests.support import servers as test_servers
from tests.support.backup_stage import copied_place
from tests.support.verifier import verifier

pytestmark = pytest.mark.xdist_group("proof")

COUNT, SEED = 100, 15
HELD = ("PDF", "bundle")


@dataclass
class Bench:
    """A copy of the world that is tampered with and mended, again and again."""

    world: World
    site: Site
    spare: Path
    fingerprints: str
    head: str
    tables: dict[str, str] = field(default_factory=dict)

    def mend(self, kind: Kind) -> None:
        if kind.group in HELD:
            _copy(self.spare / "hands", self.site.hands)
            return
        self.site.connection.rollback()
        for table, columns in self.tables.items():
            self.site.run(f"delete from public.{table}")
            self.site.run(
                f"insert into public.{table} ({columns}) select {columns} from kept.{table}"
            )
        self.site.connection.commit()
        _copy(self.spare / "storage", self.site.storage)
        _copy(self.spare / "anchors", self.site.anchors)

    def found(self, kind: Kind) -> dict[Witness, list[str]]:
        """What each witness says, of those who can know of this kind."""
        if kind.group in HELD:
            return {Witness.HANDS: self.by_hands()}
        return {
            Witness.SERVER: self.by_server(),
            Witness.OUTSIDE: self.by_anchors(),
            Witness.PAPER: self.by_head(),
        }

    def by_hands(self) -> list[str]:
        files = [self.site.hands / name for name in ("R0.pdf", "R1.pdf", "bundle.zip")]
        try:
            lines = verifier.verify(files, self.fingerprints)
        except verifier.Unreadable as error:
            return [str(error)]
        return [f"{one.about}: {one.what} {one.detail}" for one in lines if one.state == "differs"]

    def by_server(self) -> list[str]:
        with self.world.place.app.app_context():
            found = [*check_evidence(with_bytes=True), *check_seals(with_bytes=True)]
        return [one.sentence for one in found if one.level is not Level.OK]

    def by_anchors(self) -> list[str]:
        with self.world.place.app.app_context():
            return [one.sentence for one in check_anchors() if one.level is Level.WRONG]

    def by_head(self) -> list[str]:
        with self.world.place.app.app_context():
            found = check_printed_head(self.head, "acme")
            return [one.sentence for one in found if one.level is Level.WRONG]


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target)
    shutil.copytree(source, target)


@pytest.fixture(scope="module")
def bench(lived: World, dump_of_yesterday: str, tmp_path_factory) -> Iterator[Bench]:
    folder, spare = tmp_path_factory.mktemp("bench"), tmp_path_factory.mktemp("spare")
    with ExitStack() as stack:
        copy = stack.enter_context(copied_place(lived.place, folder / "storage"))
        anchors = shutil.copytree(lived.anchors, folder / "anchors")
        copy.app.config["ANCHOR_DIR"] = anchors
        world = replace(lived, place=copy, anchors=anchors)
        world.hand_out(folder / "hands")
        anchor(world)
        connection = unguarded(copy.database)
        connection.commit()  # its locks would keep everybody else waiting
        stack.callback(connection.close)
        site = Site(connection, copy.storage, anchors, folder / "hands")
        bench = Bench(world, site, spare, world.fingerprints(), printed_head(site.hands / "R1.pdf"))
        bench.tables = columns_of(connection)
        _keep(bench, dump_of_yesterday)
        yield bench
        copy.let_go()


def printed_head(path: Path) -> str:
    """Entry and hash as the evidence page of the PDF prints them."""
    with pikepdf.open(path) as pdf:
        snapshot = verifier._json(pdf.attachments["snapshot.json"].get_file().read_bytes())
    return f"{snapshot['audit']['sequence']}:{snapshot['audit']['hash']}"


def _keep(bench: Bench, dump_of_yesterday: str) -> None:
    """Copies of all tables as they are, and as they were yesterday; and of all files."""
    for name in ("storage", "anchors", "hands"):
        shutil.copytree(getattr(bench.site, name), bench.spare / name)
    site = bench.site
    site.run("create schema kept")
    for table in bench.tables:
        site.run(f"create table kept.{table} as select * from public.{table}")
    site.run("create schema yesterday")
    dsn = test_servers.current().postgres().dsn(database=dump_of_yesterday)
    for table, columns in bench.tables.items():
        site.run(f"create table yesterday.{table} as select {columns} from {table} limit 0")
    site.connection.commit()
    _copy_rows(dsn, site, bench.tables)


def _copy_rows(dsn: str, site: Site, tables: dict[str, str]) -> None:
    source = psycopg2.connect(dsn)
    for table, columns in tables.items():
        rows = io.BytesIO()
        with source.cursor() as cursor:
            cursor.copy_expert(f"copy (select {columns} from {table}) to stdout", rows)
        rows.seek(0)
        with site.connection.cursor() as cursor:
            cursor.copy_expert(f"copy yesterday.{table} ({columns}) from stdin", rows)
    source.close()
    site.connection.commit()


def drawn(random: Random, count: int) -> list[Kind]:
    """Every kind once, and the rest by lot."""
    more = random.choices(KINDS, k=max(0, count - len(KINDS)))
    return sorted([*KINDS, *more], key=KINDS.index)


def test_nobody_names_anything_where_nothing_was_changed(bench: Bench) -> None:
    for witness, said in {
        Witness.HANDS: bench.by_hands(),
        Witness.SERVER: bench.by_server(),
        Witness.OUTSIDE: bench.by_anchors(),
        Witness.PAPER: bench.by_head(),
    }.items():
        assert said == [], witness


def test_every_single_tampering_is_named(bench: Bench, tmp_path: Path, capsys) -> None:
    seed = int(os.environ.get("TAMPERINGS_SEED", SEED))
    random = Random(seed)
    tries: Counter[str] = Counter()
    named: dict[str, Counter[Witness]] = {}
    examples: dict[str, str] = {}
    unnamed: list[str] = []
    for kind in drawn(random, int(os.environ.get("TAMPERINGS", COUNT))):
        name = f"{kind.group}: {kind.name}"
        try:
            done = kind.does(bench.site, random)
            assert done, f"{name}: nothing was changed"
            bench.site.connection.commit()
            found = bench.found(kind)
        finally:
            bench.mend(kind)
        tries[name] += 1
        counts = named.setdefault(name, Counter())
        counts.update(witness for witness, said in found.items() if said)
        said = [one for one in found[kind.witness] if kind.words in one]
        if said:
            examples.setdefault(name, said[0])
        else:
            unnamed.append(f"{name} ({done}), seed {seed}: {found}")
    table = as_table(tries, named, examples)
    target = Path(os.environ.get("TAMPERINGS_TABLE", tmp_path / "tamperings.md"))
    target.write_text(table)
    with capsys.disabled():
        sys.stdout.write(f"\n{table}\n{tries.total()} tamperings, seed {seed}: {target}\n")
    assert unnamed == []
    assert bench.by_server() == bench.by_anchors() == bench.by_hands() == [], "all was mended"


def as_table(
    tries: Counter[str], named: dict[str, Counter[Witness]], examples: dict[str, str]
) -> str:
    rows = [["tampering", "times", *Witness, "as"]]
    for name, times in tries.items():
        counts = [str(named[name][one] or "") for one in Witness]
        rows.append([name, str(times), *counts, examples.get(name, "")[:110].replace("|", "/")])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_an_old_pdf_names_a_chain_that_was_computed_again(
    lived: World, tmp_path: Path, monkeypatch
) -> None:
    """Whoever has the database and the sealer makes a PDF of a chain that was written anew. It
    contradicts its own snapshot, and the PDF that a customer was sent before."""
    with copied_place(lived.place, tmp_path / "storage") as copy:
        world = replace(lived, place=copy)
        old, new = tmp_path / "old.pdf", tmp_path / "new.pdf"
        old.write_bytes(newest_pdf(world, world.revision_id))
        forge(world, RECHAIN.format(tenant=world.cast.acme, n=4))
        monkeypatch.setattr(making, "check_rows", lambda report_id: ())
        make_pdf(world, world.revision_id, world.cast.ana)
        new.write_bytes(newest_pdf(world, world.revision_id))
        given = world.fingerprints()
    place_differs, hashes_differ = "names its place in the audit chain", "has different hashes"
    for files, says in (
        ([old], []),
        ([new], [place_differs]),
        ([old, new], [place_differs, hashes_differ]),
    ):
        lines = [one.what for one in verifier.verify(files, given) if one.state == "differs"]
        assert bool(lines) is bool(says), lines
        assert all(any(one in line for line in lines) for one in says), lines


def forge(world: World, statement: str) -> None:
    """Run it as a superuser with the triggers of these tables off, and leave no trace of that."""
    tables = ("audit_entries", "audit_heads", "snapshots", "anchors")
    dsn = test_servers.current().postgres().dsn(database=world.place.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(ALWAYS)
        always = [one for (one,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"alter table {table} disable trigger all")
        cursor.execute(statement)
        for table in tables:
            cursor.execute(f"alter table {table} enable trigger all")
        for one in always:
            cursor.execute(one)
    connection.close()


# Evidence that no report rests on, with the reason.
NO_EVIDENCE_OF_A_REPORT = {
    "photo_features": "computed from a photo's bytes at any time, to find those that look like it",
    "photo_likenesses": "found by them; a snapshot freezes what was found before the completion",
    "receipts": "what a phone was answered; the audit has what it changed",
    "platform_audit_entries": "about companies, and not chained: it outlives what it is about",
    "seal_keys": "encrypted for the sealer: a changed one opens no more, a retired one seals no more",
}


def test_every_table_of_evidence_is_tampered_with() -> None:
    tampered = {kind.name.removeprefix("a cell of ") for kind in KINDS if kind.group == "cells"}
    assert {one.table for one in TABLES} - tampered == set(NO_EVIDENCE_OF_A_REPORT)

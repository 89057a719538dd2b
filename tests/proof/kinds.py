"""The kinds of tampering, each with who must name it and in which words.

`HANDS` are those who need only what a customer holds: the verifier with PDF and bundle. `SERVER` is
`flask check`. `OUTSIDE` are the anchors outside of the database, and `PAPER` is the head that an
old PDF prints: both are asked by `flask check`, too, and only they can name a chain that was
computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

import pikepdf
from psycopg2 import extensions

from app.sealing.certificates import SealKeyPair, make_key_pair
from app.sealing.file import seal_file
from app.sealing.signers import sign_digest, signer_of
from tests.evidence import tampering
from tests.support.pictures import a_jpeg

MANIFEST, MANIFEST_SEAL = "manifest.json", "manifest.json.p7s"
TEXTS = ("snapshot.json", "photos.json", "audit.json")


class Witness(StrEnum):
    HANDS = "verifier"
    SERVER = "flask check"
    OUTSIDE = "anchors"
    PAPER = "printed head"


@dataclass(frozen=True)
class Site:
    """What may be tampered with. `connection` is a superuser's with all triggers and keys off."""

    connection: extensions.connection
    storage: Path
    anchors: Path
    hands: Path

    def run(self, statement: str) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return max(0, cursor.rowcount)

    def ask(self, statement: str) -> list[tuple[str, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


@dataclass(frozen=True)
class Kind:
    """`does` tampers once and returns what it changed, for the table; a false value means that it
    changed nothing, which fails the test. `words` stand in what the witness says."""

    group: str
    name: str
    witness: Witness
    words: str
    does: Callable[[Site, Random], object]


# --- what the customer holds ----------------------------------------------------------------------


def _pdf(site: Site, random: Random) -> Path:
    return site.hands / random.choice(("R0.pdf", "R1.pdf"))


def _flip(site: Site, random: Random) -> str:
    path = _pdf(site, random)
    data = bytearray(path.read_bytes())
    place = random.randrange(len(data))
    data[place] ^= 1 << random.randrange(8)
    path.write_bytes(data)
    return f"{path.name}, byte {place}"


def _append(site: Site, random: Random) -> str:
    path = _pdf(site, random)
    more = random.choice((b"\n", b"%%EOF\n", b"\0" * 512))
    path.write_bytes(path.read_bytes() + more)
    return f"{path.name}, {len(more)} bytes"


def _rewrite(path: Path, change: Callable[[pikepdf.Pdf], object]) -> None:
    """The PDF with a change and without its seal, as a forger would save it."""
    output = io.BytesIO()
    with pikepdf.open(path) as pdf:
        del pdf.Root.AcroForm
        if "/Perms" in pdf.Root:
            del pdf.Root.Perms
        change(pdf)
        pdf.save(output)
    path.write_bytes(output.getvalue())


_forger: list[SealKeyPair] = []


def forger() -> SealKeyPair:
    if not _forger:
        _forger.append(make_key_pair("Forger"))
    return _forger[0]


def _forge(path: Path, change: Callable[[pikepdf.Pdf], object]) -> str:
    """Changed, and sealed again with another key."""
    _rewrite(path, change)
    pair = forger()
    seal_file(path, pair.described, lambda digest: sign_digest(signer_of(pair), digest))
    return path.name


def _strip(site: Site, random: Random) -> str:
    path = _pdf(site, random)
    _rewrite(path, lambda pdf: None)
    return path.name


def _attach(pdf: pikepdf.Pdf, name: str, data: bytes) -> None:
    pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data, filename=name)


def _swap_attachment(name: str) -> Callable[[Site, Random], str]:
    """The attachment of the other revision's PDF."""

    def does(site: Site, random: Random) -> str:
        path = _pdf(site, random)
        other = site.hands / ("R1.pdf" if path.name == "R0.pdf" else "R0.pdf")
        with pikepdf.open(other) as pdf:
            data = pdf.attachments[name].get_file().read_bytes()
        return _forge(path, lambda pdf: _attach(pdf, name, data))

    return does


def _change_attachment(name: str, old: str, new: str) -> Callable[[Site, Random], str]:
    def does(site: Site, random: Random) -> str:
        def change(pdf: pikepdf.Pdf) -> None:
            text = pdf.attachments[name].get_file().read_bytes().decode()
            assert old in text, old
            _attach(pdf, name, text.replace(old, new).encode())

        return _forge(_pdf(site, random), change)

    return does


def _drop_attachment(site: Site, random: Random) -> str:
    name = random.choice(TEXTS)

    def drop(pdf: pikepdf.Pdf) -> None:
        del pdf.attachments[name]

    return f"{_forge(_pdf(site, random), drop)}, {name}"


def _drop_page(site: Site, random: Random) -> str:
    def drop(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[random.randrange(len(pdf.pages))]

    return _forge(_pdf(site, random), drop)


def _of_pdf(name: str, words: str, does: Callable[[Site, Random], object]) -> Kind:
    return Kind("PDF", name, Witness.HANDS, words, does)


PDFS = (
    _of_pdf("a byte is changed", "", _flip),
    _of_pdf("bytes are added after the end", "", _append),
    _of_pdf("the seal is stripped", "0 seals instead of one", _strip),
    _of_pdf(
        "snapshot of another revision, sealed by another key",
        "the audit chain names this snapshot",
        _swap_attachment("snapshot.json"),
    ),
    _of_pdf(
        "audit extract of another revision, sealed by another key",
        "the audit chain names this snapshot",
        _swap_attachment("audit.json"),
    ),
    _of_pdf(
        "list of photos of another revision, sealed by another key",
        "the list of photos is that of the snapshot",
        _swap_attachment("photos.json"),
    ),
    _of_pdf(
        "an answer in the snapshot, sealed by another key",
        "printed text: answer of remarks",
        _change_attachment("snapshot.json", "twice, bay", "thrice, bay"),
    ),
    _of_pdf(
        "an audit entry in the extract, sealed by another key",
        "audit chain",
        _change_attachment("audit.json", '\\"actor\\"', '\\"actoR\\"'),
    ),
    _of_pdf("an attachment is taken out, sealed by another key", "attachment", _drop_attachment),
    _of_pdf(
        "a page is taken out, sealed by another key",
        "the certificate is the expected one",
        _drop_page,
    ),
)


# --- the bundle -----------------------------------------------------------------------------------

Files = MutableMapping[str, bytes]


def _repack(site: Site, change: Callable[[Files], object]) -> object:
    path = site.hands / "bundle.zip"
    with zipfile.ZipFile(path) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    said = change(files)
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return said


def _reseal(files: Files) -> None:
    """The manifest with the true hashes of all files, sealed by another key."""
    manifest = json.loads(files[MANIFEST])
    names = set(files) - {MANIFEST, MANIFEST_SEAL}
    manifest["files"] = [
        {
            "path": name,
            "sha256": hashlib.sha256(files[name]).hexdigest(),
            "bytes": str(len(files[name])),
        }
        for name in sorted(names)
    ]
    files[MANIFEST] = json.dumps(manifest).encode()
    digest = hashlib.sha256(files[MANIFEST]).digest()
    files[MANIFEST_SEAL] = sign_digest(signer_of(forger()), digest)


def _name(files: Files, random: Random, start: str = "photos/", end: str = "") -> str:
    return random.choice(
        sorted(one for one in files if one.startswith(start) and one.endswith(end))
    )


def _flip_in(start: str, end: str) -> Callable[[Site, Random], object]:
    def does(site: Site, random: Random) -> object:
        def change(files: Files) -> str:
            name = _name(files, random, start, end)
            data = bytearray(files[name])
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            files[name] = bytes(data)
            return name

        return _repack(site, change)

    return does


def _exchange_photo(files: Files, random: Random) -> str:
    name = _name(files, random)
    files[name] = a_jpeg((50, 50))
    _reseal(files)
    return name


def _exchange_two(files: Files, random: Random) -> str:
    names = sorted(one for one in files if one.startswith("photos/"))
    one, other = random.sample([name for name in names if "-R0/" in name], 2)
    files[one], files[other] = files[other], files[one]
    _reseal(files)
    return f"{one}, {other}"


def _leave_out(files: Files, random: Random) -> str:
    name = _name(files, random)
    del files[name]
    _reseal(files)
    return name


def _lose(files: Files, random: Random) -> str:
    name = random.choice(sorted(set(files) - {MANIFEST, MANIFEST_SEAL}))
    del files[name]
    return name


def _leave_out_report(files: Files, random: Random) -> str:
    manifest = json.loads(files[MANIFEST])
    left = manifest["reports"].pop(random.randrange(2))
    files[MANIFEST] = json.dumps(manifest).encode()
    for name in [one for one in files if left["folder"] in one]:
        del files[name]
    _reseal(files)
    return str(left["folder"])


def _manifest_byte(files: Files, random: Random) -> str:
    data = bytearray(files[MANIFEST])
    place = random.randrange(len(data))
    data[place] ^= 1 << random.randrange(8)
    files[MANIFEST] = bytes(data)
    return f"byte {place}"


def _change_text(name: str) -> Callable[[Files, Random], str]:
    def change(files: Files, random: Random) -> str:
        path = _name(files, random, "", f"/{name}")
        files[path] = files[path].replace(b'"report"', b'"rep0rt"', 1)
        _reseal(files)
        return path

    return change


def _other_revision(files: Files, _random: Random) -> str:
    older = _name(files, Random(0), "", "-R0.pdf")
    files[older.replace("-R0", "-R1")] = files[older]
    _reseal(files)
    return older


def _drop_manifest_seal(files: Files, _random: Random) -> str:
    del files[MANIFEST_SEAL]
    return MANIFEST_SEAL


def _reseal_only(files: Files, _random: Random) -> str:
    _reseal(files)
    return MANIFEST_SEAL


def _of_bundle(name: str, words: str, change: Callable[[Files, Random], object]) -> Kind:
    def does(site: Site, random: Random) -> object:
        return _repack(site, lambda files: change(files, random))

    return Kind("bundle", name, Witness.HANDS, words, does)


FOREIGN = "the certificate is the expected one"
BUNDLES = (
    Kind(
        "bundle",
        "a byte of a photo",
        Witness.HANDS,
        "its bytes changed",
        _flip_in("photos/", ""),
    ),
    Kind("bundle", "a byte of a PDF", Witness.HANDS, "its bytes changed", _flip_in("", ".pdf")),
    Kind(
        "bundle",
        "a byte of a snapshot",
        Witness.HANDS,
        "its bytes changed",
        _flip_in("", "/snapshot.json"),
    ),
    _of_bundle("a byte of the manifest", "", _manifest_byte),
    _of_bundle("the manifest's seal is taken out", "seal", _drop_manifest_seal),
    _of_bundle("the manifest is sealed by another key", FOREIGN, _reseal_only),
    _of_bundle("a file is lost", "missing", _lose),
    _of_bundle(
        "a photo is exchanged, sealed by another key",
        "photos of the snapshot are in the bundle",
        _exchange_photo,
    ),
    _of_bundle(
        "two photos change their names, sealed by another key",
        "it is another photo of the list",
        _exchange_two,
    ),
    _of_bundle(
        "a photo is left out, sealed by another key",
        "photos of the snapshot are in the bundle",
        _leave_out,
    ),
    _of_bundle("a report is left out, sealed by another key", FOREIGN, _leave_out_report),
    _of_bundle(
        "the older revision's PDF in place of the newer, sealed by another key",
        "the manifest names its report",
        _other_revision,
    ),
    *(
        _of_bundle(
            f"{name} beside the PDF, sealed by another key",
            "texts beside the PDF are those inside it",
            _change_text(name),
        )
        for name in TEXTS
    ),
)


# --- the server -----------------------------------------------------------------------------------


def _change(one: tampering.Change) -> Callable[[Site, Random], object]:
    def does(site: Site, random: Random) -> object:
        return one.does(site.connection, site.storage, random) and one.name

    return does


def _of_evidence(group: str, name: str, changes: list[tampering.Change], words: str = "") -> Kind:
    """One of these changes by lot."""

    def does(site: Site, random: Random) -> object:
        return _change(random.choice(changes))(site, random)

    return Kind(group, name, Witness.SERVER, words, does)


def _cells() -> Iterator[Kind]:
    """One kind for each table of evidence: a cell of a random column of a random row."""
    by_table: dict[str, list[tampering.Change]] = {}
    for one in tampering.cells():
        by_table.setdefault(one.name.removeprefix("cell ").partition(".")[0], []).append(one)
    for table, changes in by_table.items():
        yield _of_evidence("cells", f"a cell of {table}", changes)
    stamp = [tampering.cell("document_stamps", one) for one in STAMP]
    yield _of_evidence("cells", "a cell of document_stamps", stamp, "time stamp of the PDF")
    certificate = [tampering.cell("seal_certificates", one) for one in CERTIFICATE]
    yield _of_evidence("cells", "a cell of seal_certificates", certificate, "the certificate")
    yield Kind("cells", "a cell of anchors", Witness.OUTSIDE, "were changed", _anchor_cell)


STAMP = (
    "document_id",
    "storage_key",
    "sha256",
    "byte_size",
    "stamped_at",
    "authority",
    "state",
)
CERTIFICATE = ("fingerprint", "subject", "issuer", "valid_from", "valid_until", "pem")
ANCHOR = {
    "kind": "case kind when 'head' then 'restored' else 'head' end",
    "sequence": "sequence + 1",
    "hash": "reverse(hash)",
    "at": "at + interval '1 second'",
    "tenant_id": "(select id from tenants t where t.id <> anchors.tenant_id limit 1)",
    "reason": "'no reason'",
    "public_key": "reverse(public_key)",
    "signature": "reverse(signature)",
}


def _anchor_cell(site: Site, random: Random) -> object:
    column = random.choice(sorted(ANCHOR))
    changed = site.run(
        f"update anchors set {column} = {ANCHOR[column]} where id = (select id from anchors"
        f" order by md5(id::text || '{random.random()}') limit 1)"
    )
    return changed and column


def _one(name: str, statement: str, words: str = "", witness: Witness = Witness.SERVER) -> Kind:
    """A statement; %(seed)s is a random text."""

    def does(site: Site, random: Random) -> object:
        return site.run(statement.replace("%(seed)s", f"'{random.random()}'"))

    return Kind("rows", name, witness, words, does)


COMPLETED = "(select id from reports where status = 'completed')"
STRUCTURE = (
    _of_evidence("rows", "answers, photos, signatures moved", list(tampering.STRUCTURAL)),
    _of_evidence("rows", "forged, with forged entries", list(tampering.FORGED_ENTRIES)),
    _of_evidence("rows", "values that cannot be read", list(tampering.UNREADABLE)),
    _of_evidence(
        "rows",
        "times of seals and stamps without end",
        [
            tampering.odd_cell("infinite", table, column, "'infinity'")
            for table, column in (
                ("seal_certificates", "valid_until"),
                ("document_stamps", "stamped_at"),
            )
        ],
    ),
    _one(
        "placement moved to the other revision",
        "update photo_placements p set report_id = (select id from reports o where o.status ="
        f" 'completed' and o.id <> p.report_id limit 1) where p.id = (select id from"
        f" photo_placements where report_id in {COMPLETED} order by md5(id::text || %(seed)s)"
        " limit 1)",
    ),
    _one(
        "revision link changed",
        "update reports set revision_of = id where revision_of is not null",
        "the report it revises",
    ),
    _one(
        "revision link and number taken away",
        "update reports set revision_of = null, revision_reason = null, revision = 7"
        " where revision_of is not null",
        "the revision",
    ),
    _one(
        "public address changed",
        f"update reports set check_token = md5(%(seed)s) where id = (select id from reports"
        f" where id in {COMPLETED} order by md5(id::text || %(seed)s) limit 1)",
        "the report's public address",
    ),
    _one(
        "seal taken from a PDF's row",
        "update documents set sealed_at = null, seal_fingerprint = null where id = (select id"
        " from documents where sealed_at is not null order by md5(id::text || %(seed)s) limit 1)",
        "the certificate of its seal",
    ),
    _one(
        "review taken away",
        "delete from reviews where id = (select id from reviews order by"
        " md5(id::text || %(seed)s) limit 1)",
        "table reviews",
    ),
    _one("a reviewer's words", "update review_comments set words = 'All is well.'", "comments"),
    _one(
        "an approval by another person",
        "update reviews r set reviewer_id = (select id from accounts a where a.tenant_id ="
        " r.tenant_id and a.id <> r.reviewer_id limit 1) where state = 'approved'",
        "table reviews",
    ),
    _one("value that was set aside taken away", "delete from conflicts", "table conflicts"),
    _one("certificate taken away", "delete from seal_certificates", "is missing"),
    _one("time stamp taken away", "delete from document_stamps", "is missing"),
    _one(
        "PDF taken away",
        "delete from documents where id = (select id from documents where state = 'done'"
        " order by md5(id::text || %(seed)s) limit 1)",
        "missing",
    ),
    _one(
        "report taken away",
        "delete from reports where id = (select id from reports where status = 'completed'"
        " order by md5(id::text || %(seed)s) limit 1)",
        "missing",
    ),
)
OBJECTS = tuple(
    _of_evidence("storage", one.name.replace(" of ", ": "), [one])
    for one in tampering.stored_bytes()
)


def _stamp_byte(site: Site, random: Random) -> object:
    path = random.choice(sorted(site.storage.rglob("stamp/*")))
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.chmod(0o600)
    path.write_bytes(data)
    return path.name[:12]


STAMP_BYTE = Kind("storage", "byte of a time stamp", Witness.SERVER, "is not genuine", _stamp_byte)


# --- the audit chain ------------------------------------------------------------------------------

# What somebody does who knows how the chain is made: change an entry, and compute every later hash.
RECHAIN = """
do $$
declare one record; last text; begin
  update audit_entries set body = replace(body, '"name":"', '"name":"X')
    where tenant_id = '{tenant}' and sequence = {n};
  select hash into last from audit_entries where tenant_id = '{tenant}' and sequence = {n} - 1;
  for one in select * from audit_entries
      where tenant_id = '{tenant}' and sequence >= {n} order by sequence loop
    update audit_entries set previous_hash = coalesce(last, '') where id = one.id;
    last := encode(sha256(convert_to(concat_ws(E'\\n', coalesce(last, ''), one.tenant_id::text,
      one.sequence::text, to_char(one.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      one.body), 'UTF8')), 'hex');
    update audit_entries set hash = last where id = one.id;
  end loop;
  update audit_heads set hash = last where tenant_id = '{tenant}';
  -- The forger knows about snapshots and anchors, too.
  update snapshots s set audit_hash = e.hash from audit_entries e
    where e.tenant_id = s.tenant_id and e.sequence = s.audit_sequence;
  delete from anchors where tenant_id = '{tenant}';
end $$
"""
BOUNDS = "select tenant_id::text, max(audit_sequence)::text from snapshots group by 1"


def _entry(site: Site, random: Random) -> tuple[str, int]:
    """The company, and a random entry before the newest that a PDF prints."""
    ((tenant, last),) = site.ask(BOUNDS)
    return tenant, random.randrange(2, int(last))


def _rechain(site: Site, random: Random) -> object:
    tenant, n = _entry(site, random)
    site.run(RECHAIN.format(tenant=tenant, n=n))
    return f"from entry {n}"


def _rechain_without_anchors(site: Site, random: Random) -> object:
    for path in site.anchors.iterdir():
        path.unlink()
    return _rechain(site, random)


def _delete_entry(site: Site, random: Random) -> object:
    tenant, n = _entry(site, random)
    site.run(f"delete from audit_entries where tenant_id = '{tenant}' and sequence = {n}")
    return f"entry {n}"


def _swap_entries(site: Site, random: Random) -> object:
    tenant, n = _entry(site, random)
    own = f"tenant_id = '{tenant}'"
    site.run(
        f"update audit_entries a set (body, action, object_type, object_id, actor_id) = (select"
        f" b.body, b.action, b.object_type, b.object_id, b.actor_id from audit_entries b where"
        f" b.{own} and b.sequence = 2 * {n} + 1 - a.sequence)"
        f" where a.{own} and a.sequence in ({n}, {n} + 1)"
    )
    return f"entries {n} and {n + 1}"


def _restore_yesterday(site: Site, _random: Random) -> object:
    """Every table as in the dump of yesterday; files and anchors outside are those of today."""
    for table, columns in columns_of(site.connection).items():
        site.run(f"delete from public.{table}")
        site.run(f"insert into public.{table} ({columns}) select {columns} from yesterday.{table}")
    return "all tables"


def _restore_without_anchors(site: Site, random: Random) -> object:
    for path in site.anchors.iterdir():
        path.unlink()
    return _restore_yesterday(site, random)


def _anchor_line(site: Site, random: Random) -> object:
    """An anchor outside gets another hash."""
    path = random.choice(sorted(site.anchors.iterdir()))
    lines = path.read_text().splitlines()
    n = random.randrange(len(lines))
    facts = json.loads(lines[n])
    facts["hash"] = facts["hash"][::-1]
    lines[n] = json.dumps(facts)
    path.write_text("\n".join(lines) + "\n")
    return f"line {n + 1}"


CHAIN = (
    Kind("chain", "an entry is deleted", Witness.SERVER, "is broken at entry", _delete_entry),
    Kind("chain", "two entries are exchanged", Witness.SERVER, "is broken at entry", _swap_entries),
    Kind("chain", "the end is computed again", Witness.OUTSIDE, "was rewritten", _rechain),
    Kind(
        "chain",
        "the end is computed again, and all anchors are gone",
        Witness.PAPER,
        "was rewritten",
        _rechain_without_anchors,
    ),
    Kind("chain", "the database of yesterday", Witness.OUTSIDE, "an older one", _restore_yesterday),
    Kind(
        "chain",
        "the database of yesterday, and all anchors are gone",
        Witness.PAPER,
        "an older one",
        _restore_without_anchors,
    ),
    Kind("chain", "an anchor outside", Witness.OUTSIDE, "were changed", _anchor_line),
)


def columns_of(connection: extensions.connection) -> dict[str, str]:
    """The columns that can be written, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, string_agg(quote_ident(column_name), ', ')"
            " from information_schema.columns c join information_schema.tables t"
            " using (table_schema, table_name) where table_schema = 'public'"
            " and is_generated = 'NEVER' and table_type = 'BASE TABLE' group by 1 order by 1"
        )
        return dict(cursor.fetchall())


KINDS = (*PDFS, *BUNDLES, *_cells(), *STRUCTURE, *OBJECTS, STAMP_BYTE, *CHAIN)

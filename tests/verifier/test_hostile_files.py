"""The verifier against files made to fool or to stop it: a clear line and a status, in little time
and memory, and never a trace."""

from __future__ import annotations

import io
import json
import re
import resource
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.sealing import certificates
from app.sealing.certificates import SealKeyPair, make_key_pair
from app.sealing.file import SealBroken, seal_file
from app.sealing.signers import sign_digest, signer_of
from tests.faults.site import wait_until
from tests.support.certificates import a_pair
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.verifier import FILE, verifier

# Of processor time; far more than an honest file of this size needs.
SECONDS, MEGABYTES = 60, 1536
LEVELS = 40


@pytest.fixture(scope="module")
def pair() -> SealKeyPair:
    return make_key_pair("Forger")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """What one test has made for all."""
    return {}


@pytest.fixture
def plain(app, acting, cast, made) -> bytes:
    """A finished report's PDF without its seal, with its attachments."""
    if "plain" in made:
        return made["plain"]
    desk = Desk(app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    output = BytesIO()
    with pikepdf.open(BytesIO(desk._bytes(desk.make()))) as pdf:
        del pdf.Root.AcroForm
        del pdf.Root.Perms
        pdf.save(output)
    made["plain"] = output.getvalue()
    return made["plain"]


def changed(data: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    output = BytesIO()
    with pikepdf.open(BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(output)
    return output.getvalue()


def sealed_by(pair: SealKeyPair, data: bytes, folder: Path) -> Path:
    path = folder / "forged.pdf"
    path.write_bytes(data)
    seal_file(path, pair.described, lambda digest: sign_digest(signer_of(pair), digest))
    return path


def limit_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def run(*arguments: object) -> tuple[int, str]:
    """Status and lines of the command in a process with little memory."""
    command = [sys.executable, "-I", str(FILE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit_process)
    assert done.stderr == "", done.stderr[-2000:]
    assert done.stdout.strip()
    return done.returncode, done.stdout


def attach(pdf: pikepdf.Pdf, name: str, data: bytes) -> None:
    pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data, filename=name)


def text_of(pdf: pikepdf.Pdf, name: str) -> str:
    return pdf.attachments[name].get_file().read_bytes().decode()


def doubled(pdf: pikepdf.Pdf, leaf: dict, key: str, **more) -> pikepdf.Object:
    """Levels of nodes, each of which has the next one twice."""
    node = pdf.make_indirect(pikepdf.Dictionary(leaf))
    for _level in range(LEVELS):
        node = pdf.make_indirect(pikepdf.Dictionary({key: pikepdf.Array([node, node]), **more}))
    return node


def twice_attached(pdf: pikepdf.Pdf) -> None:
    """The name stands twice in the tree, first with other content."""
    text = text_of(pdf, "snapshot.json").replace('"title":"', '"title":"Other ')
    tree = pdf.Root.Names.EmbeddedFiles
    names = tree.Kids[0].Names if "/Kids" in tree else tree.Names
    spec = pikepdf.AttachedFileSpec(pdf, text.encode(), filename="snapshot.json")
    at = next(at for at in range(0, len(names), 2) if str(names[at]) == "snapshot.json")
    names.insert(at, pdf.make_indirect(spec.obj))
    names.insert(at, pikepdf.String("snapshot.json"))


def repeated_key(pdf: pikepdf.Pdf) -> None:
    text = text_of(pdf, "snapshot.json")
    attach(pdf, "snapshot.json", f'{{"answers":{{}},{text[1:]}'.encode())


def not_a_number(pdf: pikepdf.Pdf) -> None:
    text = text_of(pdf, "snapshot.json")
    attach(pdf, "snapshot.json", f'{{"x":NaN,{text[1:]}'.encode())


def nested(pdf: pikepdf.Pdf) -> None:
    attach(pdf, "audit.json", b'{"entries":' + b"[" * 1_000_000)


def nested_body(pdf: pikepdf.Pdf) -> None:
    audit = json.loads(text_of(pdf, "audit.json"))
    audit["entries"][0]["body"] = "[" * 1_000_000
    attach(pdf, "audit.json", json.dumps(audit).encode())


def bomb(pdf: pikepdf.Pdf) -> None:
    """An attachment of one gigabyte in one megabyte."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _part in range(1024)) + packer.flush()
    spec = pikepdf.AttachedFileSpec(pdf, b"x", filename="photos.json")
    stream = pdf.make_stream(b"")
    stream.write(packed, filter=pikepdf.Name.FlateDecode)
    spec.obj.EF.F = spec.obj.EF.UF = stream
    pdf.attachments["photos.json"] = spec


def large(pdf: pikepdf.Pdf) -> None:
    attach(pdf, "photos.json", b'{"photos":[' + b"[]," * 30_000_000)


def endless_names(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names.EmbeddedFiles = doubled(pdf, {"/Names": pikepdf.Array()}, "/Kids")


def endless_pages(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids.append(doubled(pdf, {"/Kids": pikepdf.Array()}, "/Kids"))


def endless_fields(pdf: pikepdf.Pdf) -> None:
    names = {"/T": pikepdf.String("x")}
    field = doubled(pdf, names, "/Kids", **names)
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[field], SigFlags=3)


def endless_forms(pdf: pikepdf.Pdf) -> None:
    """Each form draws the next one twice."""
    kind = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, 1, 1]}
    form = pdf.make_stream(b"", kind)
    for _level in range(LEVELS):
        own = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=form))
        form = pdf.make_stream(b"/A Do /A Do", {**kind, "/Resources": own})
    page = pdf.pages[0].obj
    page.Resources.XObject = pikepdf.Dictionary(A=form)
    page.Contents = pdf.make_stream(b"/A Do")


def endless_codes(pdf: pikepdf.Pdf) -> None:
    """A font whose table names four billion codes."""
    table = pdf.make_stream(b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange")
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, ToUnicode=table)
    page = pdf.pages[0].obj
    page.Resources.Font = pikepdf.Dictionary(F=font)
    page.Contents = pdf.make_stream(b"BT /F 1 Tf <0001> Tj ET")


def endless_string(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Contents = pdf.make_stream(b"(" + b"\\(" * 2_000_000)


def endless_texts(pdf: pikepdf.Pdf) -> None:
    """A hundred thousand texts to look for in a large page."""
    snapshot = json.loads(text_of(pdf, "snapshot.json"))
    answers = {f"f{number}": {"comment": f"no {number}"} for number in range(100_000)}
    attach(pdf, "snapshot.json", json.dumps({**snapshot, "answers": answers}).encode())
    table = pdf.make_stream(b"1 beginbfchar <41> <0041> endbfchar")
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, ToUnicode=table)
    page = pdf.pages[0].obj
    page.Resources.Font = pikepdf.Dictionary(F=font)
    page.Contents = pdf.make_stream(b"BT /F 1 Tf (" + b"A" * 10_000_000 + b") Tj ET")


FOOLING = {twice_attached: "several have this name", repeated_key: "snapshot.json: missing or unr"}
FOOLING |= {not_a_number: "snapshot.json"}
STOPPING = (
    nested,
    nested_body,
    bomb,
    large,
    endless_names,
    endless_pages,
    endless_forms,
    endless_codes,
    endless_string,
    endless_texts,
)


@pytest.mark.parametrize("change", FOOLING, ids=lambda change: change.__name__)
def test_what_two_programs_read_differently_differs_whoever_seals_it(plain, pair, tmp_path, change):
    assert run(sealed_by(pair, plain, tmp_path))[0] == 0
    status, said = run(sealed_by(pair, changed(plain, change), tmp_path))
    assert status == 1
    assert re.search(rf"DIFFERS .*{FOOLING[change].replace(': ', '.*')}", said), said


@pytest.mark.parametrize("change", STOPPING, ids=lambda change: change.__name__)
def test_a_file_that_would_never_end_ends(plain, tmp_path, change):
    path = tmp_path / "hostile.pdf"
    path.write_bytes(changed(plain, change))
    status, said = run(path)
    assert status in (1, 2) and ("DIFFERS" in said or "hostile.pdf" in said)


def test_fields_that_contain_each_other_end(plain, tmp_path):
    path = tmp_path / "hostile.pdf"
    path.write_bytes(changed(plain, endless_fields))
    assert run(path)[0] == 1


@pytest.mark.parametrize(
    "tail",
    [
        lambda data: b"\nstartxref\n%d\n%%%%EOF\n" % len(data),
        lambda data: (
            b"\nxref\n0 0\ntrailer\n<</Size 1/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF"
            % (len(data) + 1, len(data) + 1)
        ),
        lambda data: b"\nstartxref\n-1\n%%EOF",
        lambda data: b"\nstartxref\n%s\n%%%%EOF" % (b"9" * 5000),
    ],
    ids=["itself", "previous itself", "negative", "huge"],
)
def test_a_table_of_objects_that_leads_nowhere_ends(plain, tmp_path, tail):
    path = tmp_path / "hostile.pdf"
    path.write_bytes(plain + tail(plain))
    assert run(path)[0] in (1, 2)


def test_two_seals_are_named(plain, pair, tmp_path):
    path = tmp_path / "twice.pdf"
    path.write_bytes(plain)
    for number, one in enumerate((pair, make_key_pair("Second forger"))):
        add_signature(path, one, f"Seal{number}")
    status, said = run(path)
    assert status == 1
    assert "2 seals instead of one" in said


def add_signature(path: Path, pair: SealKeyPair, field: str) -> None:
    """An approval signature in an incremental update, as a reader's program adds one."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    with path.open("rb+") as file:
        writer = IncrementalPdfFileWriter(file)
        PdfSigner(PdfSignatureMetadata(field_name=field), signer_of(pair)).sign_pdf(
            writer, in_place=True
        )


def test_an_incremental_update_after_the_seal_is_named(plain, pair, tmp_path):
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    path = sealed_by(pair, plain, tmp_path)
    with path.open("rb+") as file:
        writer = IncrementalPdfFileWriter(file)
        page = writer.root["/Pages"]["/Kids"][0]
        page[generic.pdf_name("/Rotate")] = generic.NumberObject(90)
        writer.update_container(page)
        writer.write_in_place()
    status, said = run(path)
    assert status == 1
    assert re.search(r"DIFFERS .*it covers the whole file", said)


def test_a_certificate_that_has_ended_since_changes_nothing(plain, tmp_path):
    pair = a_pair(rsa.generate_private_key(65537, 2048), until=timedelta(seconds=6))
    path = sealed_by(pair, plain, tmp_path)
    wait_until(lambda: pair.described.is_expired, "the certificate does not end", 10)
    status, said = run(path, "--fingerprint", pair.described.fingerprint)
    assert status == 0, said
    assert re.search(r"ok .*made while its certificate was valid.*has ended since", said)


@pytest.mark.parametrize(
    "times",
    [
        {"since": timedelta(days=-9), "until": timedelta(days=-1)},
        {"since": timedelta(days=1), "until": timedelta(days=9)},
    ],
    ids=["before", "after"],
)
def test_a_seal_outside_of_its_certificates_time_is_named(plain, tmp_path, times):
    """Laudo itself makes none: it checks the seal before it publishes the file."""
    pair = a_pair(rsa.generate_private_key(65537, 2048), **times)
    with pytest.raises(SealBroken):
        sealed_by(pair, plain, tmp_path)
    status, said = run(tmp_path / "forged.pdf")
    assert status == 1
    assert re.search(r"DIFFERS .*made while its certificate was valid", said)


@pytest.mark.parametrize("given", ["", "abc", "0" * 63, "x" * 64, f"{'0' * 64},"])
def test_a_fingerprint_that_is_none_is_refused(tmp_path, given):
    """An empty variable of a script must not mean any certificate."""
    command = [sys.executable, "-I", str(FILE), "x.pdf", "--fingerprint", given]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "is not the SHA-256 of a certificate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_stops_early_sees_no_trace(plain, tmp_path):
    path = tmp_path / "plain.pdf"
    path.write_bytes(plain)
    command = f"{sys.executable} -I {FILE} {path} {path} {path} | head -c 1 >/dev/null"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def an_archive(**entries: bytes) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in entries.items():
            bundle.writestr(name, data)
    return output.getvalue()


def overlapping() -> bytes:
    """Two hundred entries that unpack the same megabytes, as in a bomb without nesting."""
    single = an_archive(x=bytes(200 << 20))
    end = single.rfind(b"PK\x05\x06")
    start = single.find(b"PK\x01\x02")
    entry, count = single[start:end], 200
    directory = entry * count
    tail = bytearray(single[end:])
    tail[8:12] = count.to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    return single[:start] + directory + bytes(tail)


@pytest.mark.parametrize(
    "data",
    [
        lambda: an_archive(**{"manifest.json": bytes(600 << 20)}),
        overlapping,
        lambda: an_archive(**{"inner.zip": an_archive(**{"inner.zip": bytes(300 << 20)})}),
        lambda: an_archive(**{"manifest.json": b'{"format":"laudo.bundle/1","files":NaN}'}),
        lambda: an_archive(
            **{"manifest.json": b'{"format":"laudo.bundle/1","format":"laudo.bundle/1"}'}
        ),
        lambda: b"PK\x05\x06" + bytes(18),
        lambda: b"PK",
    ],
    ids=["bomb", "overlapping", "nested", "no number", "repeated name", "empty", "cut"],
)
def test_an_archive_that_is_no_bundle_ends_with_a_line(tmp_path, data):
    path = tmp_path / "hostile.zip"
    path.write_bytes(data())
    status, said = run(path)
    assert status == 2
    assert "hostile.zip" in said and len(said.splitlines()) == 1


def test_the_clock_of_certificates_is_one(monkeypatch):
    """What is expired for the sealer is expired for the check."""
    pair = make_key_pair("Any")
    assert not pair.described.is_expired and not pair.described.is_not_yet_valid
    monkeypatch.setattr(certificates, "now", lambda: pair.described.valid_until + timedelta(1))
    assert pair.described.is_expired
    monkeypatch.setattr(certificates, "now", lambda: pair.described.valid_from - timedelta(1))
    assert pair.described.is_not_yet_valid


NAMES = {
    "plain.pdf": None,
    "photos/A-1-R0/CAB_1_1_01.jpg": None,
    "../up.pdf": "leads elsewhere",
    "a/../../up.pdf": "leads elsewhere",
    "/etc/passwd": "leads elsewhere",
    "C:/x.pdf": "leads elsewhere",
    "a\\b.pdf": "leads elsewhere",
    "line\nend.pdf": "leads elsewhere",
    "PLAIN.PDF": "only differs in capitals",
}


def test_names_that_do_not_unpack_as_they_stand_are_named(tmp_path):
    path = tmp_path / "names.zip"
    link = zipfile.ZipInfo("link.pdf")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as bundle:
        for name in NAMES:
            bundle.writestr(name, b"x")
        bundle.writestr(link, b"plain.pdf")
    with zipfile.ZipFile(path) as bundle:
        found = {line.what: line.detail for line in verifier._check_names("names.zip", bundle)}
    assert "no file but a link" in found.pop("file link.pdf")
    expected = {f"file {name}": words for name, words in NAMES.items() if words}
    assert found.keys() == expected.keys()
    assert all(words in found[name] for name, words in expected.items())

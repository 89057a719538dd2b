"""The verifier of finished PDFs, which needs no server: what it names, and that it names no more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest

from app.sealing.certificates import make_key_pair
from app.sealing.file import seal_file
from app.sealing.signers import sign_digest, signer_of
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.verifier import FILE, verifier

FLIPS = 60
TYPED = "Überprüft – “dry” finish, 5 Ω"


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    desk = Desk(app, acting, cast)
    desk.answer(remarks=TYPED)
    desk.photograph(a_jpeg(), a_jpeg(size=(80, 60)))
    desk.read_photos()
    desk.submit()
    return desk


@pytest.fixture
def sealed(desk: Desk) -> tuple[bytes, str]:
    """A sealed PDF and the fingerprint of its certificate."""
    made = desk.make()
    assert made.seal_fingerprint
    return desk._bytes(made), made.seal_fingerprint


def verify(data: bytes, fingerprint: str = "") -> list[Any]:
    report = verifier.open_report("report.pdf", data)
    lines = list(verifier.check_report(report, fingerprint))
    assert lines
    return lines


def differing(data: bytes, fingerprint: str = "") -> list[str]:
    """What differs; a file that cannot be opened at all is one difference."""
    try:
        lines = verify(data, fingerprint)
    except verifier.Unreadable as error:
        return [str(error)]
    return [f"{one.what} {one.detail}" for one in lines if one.state is verifier.State.DIFFERS]


def test_a_sealed_pdf_holds(sealed):
    data, fingerprint = sealed
    lines = verify(data, fingerprint)
    assert differing(data, fingerprint) == []
    said = "\n".join(one.what for one in lines)
    for words in (
        "seal: it covers the whole file",
        "seal: the certificate is the expected one",
        "audit chain: ",
        "the audit chain names this snapshot",
        "the list of photos is that of the snapshot",
    ):
        assert words in said
    texts = next(one for one in lines if "texts stand in the PDF" in one.what)
    assert int(texts.what.split()[2]) >= 5, "the typed texts were compared"


def test_any_changed_byte_is_named(sealed):
    data, fingerprint = sealed
    random = Random(15)
    places = random.sample(range(len(data)), FLIPS)
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << random.randrange(8)
        assert differing(bytes(changed), fingerprint), f"byte {place} of {len(data)}"


@pytest.mark.parametrize("rest", [b"\n", b"%%EOF\n", b"0" * 1000])
def test_appended_bytes_are_named(sealed, rest):
    data, fingerprint = sealed
    assert differing(data + rest, fingerprint)


def rewritten(data: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """The PDF with a change and without its seal, as a forger would save it."""
    output = BytesIO()
    with pikepdf.open(BytesIO(data)) as pdf:
        del pdf.Root.AcroForm
        if "/Perms" in pdf.Root:
            del pdf.Root.Perms
        change(pdf)
        pdf.save(output)
    return output.getvalue()


def sealed_by_another(data: bytes, folder: Path) -> bytes:
    pair = make_key_pair("Forger")
    path = folder / "forged.pdf"
    path.write_bytes(data)
    seal_file(path, pair.described, lambda digest: sign_digest(signer_of(pair), digest))
    return path.read_bytes()


def replace_text(name: str, old: str, new: str) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        text = pdf.attachments[name].get_file().read_bytes().decode()
        assert old in text
        pdf.attachments[name] = pikepdf.AttachedFileSpec(
            pdf, text.replace(old, new).encode(), filename=name
        )

    return change


def test_a_stripped_seal_is_named(sealed):
    data, fingerprint = sealed
    found = differing(rewritten(data, lambda pdf: None), fingerprint)
    assert any("0 seals instead of one" in one for one in found)


def test_a_seal_by_another_key_is_named_by_its_fingerprint(sealed, tmp_path):
    data, fingerprint = sealed
    forged = sealed_by_another(rewritten(data, lambda pdf: None), tmp_path)
    assert differing(forged) == [], "nothing else differs"
    (found,) = differing(forged, fingerprint)
    assert "the certificate is the expected one" in found


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("snapshot.json", "dry", "wet", "the audit chain names this snapshot"),
        ("snapshot.json", "dry", "wet", "printed text: answer of remarks"),
        ("audit.json", "Tess", "Toss", "audit chain"),
        ("audit.json", '"sequence":"', '"sequence":"9', "audit chain"),
        ("photos.json", '"sha256":"', '"sha256":"0', "the list of photos"),
        ("photos.json", '"report":"', '"report":"0', "all attachments are of this report"),
    ],
)
def test_a_changed_attachment_is_named_whoever_seals_it(sealed, tmp_path, name, old, new, named):
    data, _fingerprint = sealed
    forged = sealed_by_another(rewritten(data, replace_text(name, old, new)), tmp_path)
    assert any(named in one for one in differing(forged))


@pytest.mark.parametrize("name", ["snapshot.json", "photos.json", "audit.json"])
def test_a_missing_attachment_is_named(sealed, tmp_path, name):
    data, _fingerprint = sealed

    def remove(pdf: pikepdf.Pdf) -> None:
        del pdf.attachments[name]

    forged = sealed_by_another(rewritten(data, remove), tmp_path)
    assert any(f"attachment {name}" in one for one in differing(forged))


def test_several_certificates_may_be_expected(sealed):
    data, fingerprint = sealed
    assert differing(data, f"{'0' * 64},{fingerprint.upper()}") == []
    assert differing(data, f"{'0' * 64},{'1' * 64}")


def test_a_damaged_snapshot_stops_no_comparison_with_other_files(sealed, tmp_path):
    data, _fingerprint = sealed
    for number, (old, new) in enumerate(
        (
            ('"revision":"0"', '"revision":"x"'),
            ('"tenant":', '"tenent":'),
            ('"audit":{', '"odit":{'),
        )
    ):
        forged = sealed_by_another(
            rewritten(data, replace_text("snapshot.json", old, new)), tmp_path
        )
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(forged)
        lines = verifier.verify([path, path])
        assert any(one.state == "differs" for one in lines)


def test_the_command_says_so_by_its_status_and_as_json(sealed, tmp_path):
    data, fingerprint = sealed
    good, bad, none = (tmp_path / name for name in ("good.pdf", "bad.pdf", "none.pdf"))
    good.write_bytes(data)
    bad.write_bytes(data + b"\n")
    none.write_text("no PDF")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(FILE), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True)

    done = run(good, "--fingerprint", fingerprint.upper())
    assert (done.returncode, done.stderr) == (0, "") and "Nothing differs." in done.stdout
    done = run(good, bad, "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["good"] is False
    assert {one["about"] for one in answer["lines"] if one["state"] == "differs"} == {"bad.pdf"}
    assert run(none).returncode == 2
    assert run(tmp_path / "missing.pdf").returncode == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" * 90_000,
        "[]",
        "1",
        '"x"',
        '{"report": 1}',
        '{"report": {}}',
        '{"report": {"id": [], "number": "1", "revision": "0", "completed_at": ""}}',
        '{"report": {"id": "a", "number": "1", "revision": "x", "completed_at": ""}}',
    ],
    ids=lambda text: text[:60],
)
def test_a_hostile_attachment_ends_with_a_status(sealed, tmp_path, capsys, text):
    data, _fingerprint = sealed

    def change(pdf: pikepdf.Pdf) -> None:
        for name in ("snapshot.json", "../../x"):
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, text.encode(), filename=name)

    path = tmp_path / "hostile.pdf"
    path.write_bytes(rewritten(data, change))
    assert verifier.main([str(path)]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_what_others_typed_forges_no_line_and_no_console_breaks_it(sealed, tmp_path):
    data, _fingerprint = sealed
    typed = json.dumps("x\nok       forged: all holds\x1b[2J\ud800 Ω")
    path = tmp_path / "hostile.pdf"
    change = replace_text("snapshot.json", json.dumps(TYPED, ensure_ascii=False), typed)
    path.write_bytes(rewritten(data, change))
    command = [sys.executable, "-I", str(FILE), str(path)]
    environment = {"PYTHONIOENCODING": "ascii"}
    for arguments in (command, [command[0], *command[2:]]):
        done = subprocess.run(arguments, capture_output=True, text=True, env=environment)
        assert (done.returncode, done.stderr) == (1, "")
        assert "\\nok       forged" in done.stdout and "\x1b" not in done.stdout
        assert not any(one.startswith("ok       forged") for one in done.stdout.splitlines())


def test_pages_that_contain_each_other_end(sealed):
    """Forty levels of pages, each of which has the next one twice."""
    with pikepdf.open(BytesIO(sealed[0])) as pdf:
        level = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Page))
        for _level in range(40):
            level = pdf.make_indirect(
                pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=[level, level])
            )
        pdf.Root.PieceInfo = level
        output = BytesIO()
        pdf.save(output)
    root = verifier.PdfFileReader(BytesIO(output.getvalue())).root["/PieceInfo"]
    reader = SimpleNamespace(root={"/Pages": root})
    with pytest.raises(verifier.Unreadable):
        verifier.printed_text(reader)


def test_it_imports_nothing_but_python_and_pyhanko():
    allowed = {"asn1crypto", "pyhanko", "pyhanko_certvalidator"}
    lines = [one.split() for one in FILE.read_text().splitlines()]
    named = {one[1].partition(".")[0] for one in lines if one[:1] in (["import"], ["from"])}
    assert named - allowed <= set(sys.stdlib_module_names)


def test_anybody_may_download_it(anonymous):
    answer = anonymous.get("/laudo_verify.py")
    assert answer.status_code == 200 and answer.data == FILE.read_bytes()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="laudo_verify.py"'
    assert not answer.headers.getlist("Set-Cookie")

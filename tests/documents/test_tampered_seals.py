"""Whatever is done to a sealed PDF, the validation of its seal shows it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from random import Random

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from app.models import Actor
from app.sealing.certificates import make_key_pair
from app.sealing.file import read_seal_of, seal_file
from app.sealing.signers import sign_digest, signer_of
from app.tenancy import tenant_scope
from tests.conftest import rolled_back
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.sealed import bytes_of, certificate_of, is_whole


@pytest.fixture(scope="module")
def sealed(app, cast):
    """One sealed PDF for all tampering: its bytes and the certificate."""

    with rolled_back(app):

        @contextmanager
        def acting(person):
            with app.app_context(), tenant_scope(person.tenant_id):
                yield Actor(person.name, person.role, person.id)

        desk = Desk(app, acting, cast)
        desk.answer()
        desk.photograph(a_jpeg())
        desk.read_photos()
        desk.submit()
        document = desk.make()
        made = bytes_of(desk, document), certificate_of(desk, document)
    yield made


def signed_ranges(data: bytes) -> list[range]:
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    first, length, second, rest = signature.byte_range
    return [range(first, first + length), range(second, second + rest)]


def test_the_untouched_file_is_whole(sealed):
    assert is_whole(*sealed)
    assert sum(map(len, signed_ranges(sealed[0]))) < len(sealed[0])


def test_flipped_bytes_are_seen(sealed):
    data, trusted = sealed
    chance = Random(15)
    places = [chance.choice(one) for one in signed_ranges(data) for _ in range(40)]
    unseen = []
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        if is_whole(bytes(changed), trusted):
            unseen.append(place)
    assert unseen == []


def test_a_changed_signature_is_seen(sealed):
    """Between the signed ranges lies the signature, in hexadecimal digits."""
    data, trusted = sealed
    first, _ = signed_ranges(data)
    start = first.stop + 1
    for place in range(start + 8, start + 2000, 97):
        changed = bytearray(data)
        changed[place] = ord("0") if changed[place] != ord("0") else ord("1")
        assert not is_whole(bytes(changed), trusted), place


@pytest.mark.parametrize("more", [b"\n", b"%x\n", b"\0" * 512], ids=["line", "comment", "zeros"])
def test_appended_bytes_are_seen(sealed, more):
    data, trusted = sealed
    assert not is_whole(data + more, trusted)


def test_an_appended_revision_is_seen(sealed):
    data, trusted = sealed
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.root["/Lang"] = writer.root.raw_get("/Lang")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(data)
    assert not is_whole(out.getvalue(), trusted)


def test_a_stripped_seal_is_seen(sealed):
    data, trusted = sealed
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.Root.AcroForm
        del pdf.Root.Perms
        out = io.BytesIO()
        pdf.save(out)
    assert read_seal_of(out.getvalue(), trusted) is None


def test_a_swapped_attachment_is_seen(sealed):
    data, trusted = sealed
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.attachments["photos.json"] = b"{}"
        out = io.BytesIO()
        pdf.save(out)
    assert not is_whole(out.getvalue(), trusted)


def test_a_seal_of_somebody_else_is_seen(sealed, tmp_path):
    """The same file, sealed with a certificate of the same name."""
    data, trusted = sealed
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.Root.AcroForm
        del pdf.Root.Perms
        path = tmp_path / "forged.pdf"
        pdf.save(path)
    pair = make_key_pair("Laudo seal of the tests")
    assert pair.described.subject == trusted.subject
    seal_file(path, pair.described, lambda digest: sign_digest(signer_of(pair), digest))
    assert is_whole(path.read_bytes(), pair.described)
    assert not is_whole(path.read_bytes(), trusted)

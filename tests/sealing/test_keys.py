"""The keys of seals: where they lie, which files can be imported, and keys in a token."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from app.encryption import Unreadable
from app.sealing.certificates import SealKeyPair, UnfitKey, make_key_pair, read_new_pkcs12
from app.sealing.client import (
    SealIdentity,
    SealRefused,
    ask_installation,
    ask_opened,
    ask_signature,
    ask_wrapped,
)
from app.sealing.file import read_seal_of, seal_file
from app.sealing.folder import KeyFolder
from app.sealing.server import AlreadyRunning
from app.sealing.wrapping import unwrap, wrap
from tests.support.sealers import running_sealer


def a_certificate(key, *, days: int = 30, ago: int = 1, usage: dict | None = None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Empresa Ltda:12345678000199")])
    start = datetime.now(UTC) - timedelta(days=ago)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    if usage:
        kinds = ("digital_signature", "content_commitment", "key_encipherment")
        rest = ("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
        flags = dict.fromkeys((*kinds, *rest, "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(**{**flags, **usage}), critical=True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm)


def a_file(key, certificate, password: str | None = None) -> bytes:
    secret = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return serialize_key_and_certificates(b"x", key, certificate, None, secret)


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(65537, 2048)


def test_a_new_folder_is_private_and_keeps_its_key(tmp_path):
    folder = KeyFolder(tmp_path / "seal")
    folder.prepare("Laudo seal")
    first = folder.read().described
    folder.prepare("Another name")
    assert folder.read().described == first
    assert folder.list_certificates() == [first]
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (folder.path, folder.current, folder.wrapping)
    }
    assert modes == {"seal": 0o700, "current.p12": 0o400, "wrapping.key": 0o400}


def test_two_processes_that_start_at_once_have_one_key(tmp_path):
    folders = [KeyFolder(tmp_path / "seal") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.prepare("Laudo seal"), folders))
    assert len({one.read().described.fingerprint for one in folders}) == 1
    assert not list(tmp_path.rglob(".*"))


def test_after_a_replacement_the_old_key_is_nowhere(tmp_path):
    folder = KeyFolder(tmp_path / "seal")
    folder.prepare("Laudo seal")
    old, new = folder.read(), make_key_pair("The next one")
    folder.replace(new)
    secret = old.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    held = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret[40:200] in one for one in held)
    assert {one.fingerprint for one in folder.list_certificates()} == {
        old.described.fingerprint,
        new.described.fingerprint,
    }
    assert stat.S_IMODE(folder.current.stat().st_mode) == 0o400


def test_a_file_of_today_and_one_of_old_can_be_imported(tmp_path, rsa_key):
    """A1 files are often written with the algorithms of old (RC2, 3DES)."""
    certificate = a_certificate(rsa_key)
    assert read_new_pkcs12(a_file(rsa_key, certificate, "senha"), "senha").described
    key, chain, legacy = (tmp_path / name for name in ("key.pem", "c.pem", "old.p12"))
    key.write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "pkcs12", "-export", "-legacy", "-passout", "pass:senha"]
    files = ["-inkey", str(key), "-in", str(chain), "-out", str(legacy)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    pair = read_new_pkcs12(legacy.read_bytes(), "senha")
    assert pair.described.fingerprint == certificate.fingerprint(SHA256()).hex()
    assert "Empresa Ltda" in pair.described.subject


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda key: b"no file", "no PKCS#12 file"),
        (lambda key: a_file(key, a_certificate(key), "other"), "password is wrong"),
        (lambda key: a_file(key, a_certificate(key, days=2, ago=5)), "not valid today"),
        (lambda key: a_file(key, a_certificate(key, ago=-2)), "not valid today"),
        (
            lambda key: a_file(key, a_certificate(key, usage={"key_encipherment": True})),
            "not for signatures",
        ),
        (lambda key: a_file(None, a_certificate(key)), "lacks the private key"),
    ],
    ids=["no file", "password", "expired", "not yet", "usage", "no key"],
)
def test_what_cannot_seal_is_refused_with_the_reason(rsa_key, make, words):
    with pytest.raises(UnfitKey, match=words):
        read_new_pkcs12(make(rsa_key), None)


def test_weak_and_strange_keys_are_refused():
    weak = rsa.generate_private_key(65537, 1024)
    with pytest.raises(UnfitKey, match="1024 bits"):
        read_new_pkcs12(a_file(weak, a_certificate(weak)), None)
    strange = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(UnfitKey, match="neither RSA"):
        read_new_pkcs12(a_file(strange, a_certificate(strange)), None)


def test_a_wrapped_key_opens_for_its_company_and_its_sealer_alone(rsa_key):
    pair = SealKeyPair(rsa_key, a_certificate(rsa_key))
    own, other, key = str(uuid4()), str(uuid4()), os.urandom(32)
    wrapped = wrap(pair, own, key)
    assert unwrap(wrapped, own, key).described == pair.described
    for tenant, secret in ((other, key), (own, os.urandom(32))):
        with pytest.raises(Unreadable):
            unwrap(wrapped, tenant, secret)


@pytest.fixture
def sealer(tmp_path):
    with running_sealer(tmp_path) as running:
        yield running


def an_identity(certificate, wrapped=None, tenant=None) -> SealIdentity:
    return SealIdentity(tenant or uuid4(), certificate, wrapped)


def test_the_sealer_signs_for_the_certificate_that_was_meant(sealer):
    before = ask_installation(sealer.socket).current
    assert ask_signature(sealer.socket, an_identity(before), bytes(32))
    sealer.keys.replace(make_key_pair("The next one"))
    with pytest.raises(SealRefused, match="certificate_replaced"):
        ask_signature(sealer.socket, an_identity(before), bytes(32))


def test_an_expired_certificate_seals_nothing(sealer, rsa_key):
    """Neither the installation's nor a company's; both were valid when they were imported."""
    expired, tenant = SealKeyPair(rsa_key, a_certificate(rsa_key, days=2, ago=5)), uuid4()
    wrapped = wrap(expired, str(tenant), sealer.keys.read_wrapping_key())
    sealer.keys.replace(expired)
    assert ask_installation(sealer.socket).current.is_expired
    assert ask_opened(sealer.socket, tenant, wrapped).is_expired
    for identity in (
        an_identity(expired.described),
        an_identity(expired.described, wrapped, tenant),
    ):
        with pytest.raises(SealRefused, match="certificate_expired"):
            ask_signature(sealer.socket, identity, bytes(32))


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33), b"a whole document"])
def test_the_sealer_signs_digests_alone(sealer, digest):
    current = ask_installation(sealer.socket).current
    with pytest.raises(SealRefused, match="bad_request"):
        ask_signature(sealer.socket, an_identity(current), digest)


def test_an_elliptic_key_of_a_company_seals(sealer, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    tenant = uuid4()
    wrapped, certificate = ask_wrapped(
        sealer.socket, tenant, a_file(key, a_certificate(key), "x"), "x"
    )
    assert ask_opened(sealer.socket, tenant, wrapped) == certificate
    identity = an_identity(certificate, wrapped, tenant)
    path = tmp_path / "some.pdf"
    write_pdf(path)
    seal_file(path, certificate, lambda digest: ask_signature(sealer.socket, identity, digest))
    found = read_seal_of(path.read_bytes(), certificate)
    assert found and found.is_whole


def test_an_unfit_key_of_a_company_is_refused_with_the_reason(sealer):
    with pytest.raises(SealRefused) as refused:
        ask_wrapped(sealer.socket, uuid4(), b"no file", None)
    assert "no PKCS#12 file" in refused.value.words


def test_one_sealer_answers_at_a_socket(sealer, tmp_path):
    with pytest.raises(AlreadyRunning), running_sealer(tmp_path):
        pass
    assert ask_installation(sealer.socket)


def test_a_socket_may_lie_deep(tmp_path):
    """The kernel takes paths of 107 bytes."""
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    with running_sealer(deep) as running:
        assert ask_installation(running.socket)


def write_pdf(path: Path) -> None:
    import pikepdf

    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path)


SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


def test_a_key_in_a_token_seals_and_lies_in_no_file(tmp_path, rsa_key, monkeypatch):
    make_token(tmp_path, rsa_key, monkeypatch)
    pin = tmp_path / "pin"
    pin.write_text("1234\n")
    settings = {
        "seal_pkcs11_module": str(SOFTHSM),
        "seal_pkcs11_token": "laudo",
        "seal_pkcs11_label": "seal",
        "seal_pkcs11_pin_file": pin,
    }
    with running_sealer(tmp_path, **settings) as running:
        current = ask_installation(running.socket).current
        assert "Empresa Ltda" in current.subject
        path = tmp_path / "some.pdf"
        write_pdf(path)
        identity = an_identity(current)
        seal_file(path, current, lambda digest: ask_signature(running.socket, identity, digest))
        found = read_seal_of(path.read_bytes(), current)
        assert found and found.is_whole
        assert not running.keys.current.exists()


def make_token(folder: Path, key, monkeypatch) -> None:
    """A token of SoftHSM with the key and its certificate under one label."""
    import pkcs11
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    tool = shutil.which("softhsm2-util") or ""
    command = [tool, "--init-token", "--free", "--label", "laudo", "--pin", "1234"]
    subprocess.run([*command, "--so-pin", "1234"], check=True, capture_output=True)
    library = pkcs11.lib(str(SOFTHSM))
    library.reinitialize()
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    certificate = a_certificate(key).public_bytes(Encoding.DER)
    with library.get_token(token_label="laudo").open(rw=True, user_pin="1234") as session:
        common = {pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True}
        session.create_object({**decode_rsa_private_key(der), **common})
        session.create_object({**decode_x509_certificate(certificate), **common})

"""`make run LAN=1`: the names on the certificate, and a root certificate that stays the same."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509

from app.local.lan import certificate_for, lan_environment


def names_on(certificate: Path) -> set[str]:
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_the_certificate_has_the_names_of_the_settings(tmp_path):
    made = lan_environment(tmp_path, 8000, "laudo.lan, site.lan ,")
    assert {"laudo.lan", "site.lan", "localhost"} <= names_on(Path(made["TLS_CERTIFICATE"]))


def test_an_installed_root_stays_valid_under_new_names(tmp_path):
    certificate_for(tmp_path, ["one.lan"])
    root = (tmp_path / "root.pem").read_bytes()
    certificate, key = certificate_for(tmp_path, ["one.lan", "two.lan"])
    assert names_on(certificate) == {"one.lan", "two.lan"}
    assert (tmp_path / "root.pem").read_bytes() == root
    issued = x509.load_pem_x509_certificate(certificate.read_bytes())
    issued.verify_directly_issued_by(x509.load_pem_x509_certificate(root))
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}


def test_without_the_key_of_the_authority_a_new_one_is_made(tmp_path):
    certificate_for(tmp_path, ["one.lan"])
    root = (tmp_path / "root.pem").read_bytes()
    (tmp_path / "root.key").unlink()
    certificate, _key = certificate_for(tmp_path, ["two.lan"])
    assert (tmp_path / "root.pem").read_bytes() != root
    issued = x509.load_pem_x509_certificate(certificate.read_bytes())
    root = (tmp_path / "root.pem").read_bytes()
    issued.verify_directly_issued_by(x509.load_pem_x509_certificate(root))

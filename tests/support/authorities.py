"""A small time stamp authority (RFC 3161) over HTTP, with a certificate of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

NAME = "Authority of the tests"
Answer = Callable[[tsp.TimeStampReq], tuple[int, bytes]]


@dataclass
class Authority:
    """`answer` may be replaced to misbehave; `asked` counts the requests."""

    url: str
    certificate: Path
    stamper: DummyTimeStamper
    asked: int = 0
    answer: Answer = field(init=False)

    def __post_init__(self) -> None:
        self.answer = self.stamp

    def stamp(self, request: tsp.TimeStampReq) -> tuple[int, bytes]:
        return 200, self.stamper.request_tsa_response(request).dump()


@contextmanager
def running_authority(folder: Path, name: str = NAME) -> Iterator[Authority]:
    """It answers on a free port of this machine while the block runs."""
    stamper, pem = _own_keys(name)
    path = folder / f"authority-{threading.get_ident()}-{name}.pem"
    path.write_bytes(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    authority = Authority(f"http://127.0.0.1:{server.server_port}/", path, stamper)
    server.authority = authority  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        authority: Authority = self.server.authority  # type: ignore[attr-defined]
        authority.asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = authority.answer(tsp.TimeStampReq.load(body))
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


def _own_keys(name: str) -> tuple[DummyTimeStamper, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC) - timedelta(minutes=5)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        asn1.Certificate.load(made.public_bytes(Encoding.DER)), keys.PrivateKeyInfo.load(private)
    )
    return stamper, made.public_bytes(Encoding.PEM)

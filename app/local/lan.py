"""`make run LAN=1`: a certificate for this machine's address, so that phones get a secure origin.

Cameras, positions, hashing and cookies need HTTPS except on localhost. The certificate authority
is created on the first run under instance/lan and kept. Installing its root on a phone removes the
warning, even if this machine's name changes later.
"""

from __future__ import annotations

import io
import socket
from pathlib import Path

import segno
import trustme


def lan_address() -> str:
    """This machine's address on its network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def lan_environment(instance: Path, port: int, more_names: str = "") -> dict[str, str]:
    """The settings for serving on all interfaces with TLS, and the QR code of the address.

    `more_names` are LAN_NAMES: host names, separated by commas.
    """
    address = lan_address()
    names = [address, socket.gethostname(), "localhost", "127.0.0.1"]
    names += [name for part in more_names.split(",") if (name := part.strip())]
    certificate, key = certificate_for(instance / "lan", names)
    url = f"https://{address}:{port}"
    picture = io.StringIO()
    segno.make(url).terminal(out=picture, border=1, compact=True)
    return {
        "BIND": f"0.0.0.0:{port}",
        "BASE_URL": url,
        "TLS_CERTIFICATE": str(certificate),
        "TLS_KEY": str(key),
        "LAN_QR": picture.getvalue(),
    }


def certificate_for(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """The server's certificate chain and key, reissued when the names change."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key, listed = folder / "server.pem", folder / "server.key", folder / "names"
    if listed.exists() and listed.read_text() == "\n".join(names):
        return certificate, key
    issued = _authority(folder / "root.pem", folder / "root.key").issue_cert(*names)
    for n, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(str(certificate), append=n > 0)
    issued.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    listed.write_text("\n".join(names))
    return certificate, key


def _authority(root: Path, key: Path) -> trustme.CA:
    """The certificate authority, whose root phones may trust. Created if it or its key is
    missing."""
    if root.exists() and key.exists():
        return trustme.CA.from_pem(root.read_bytes(), key.read_bytes())
    made = trustme.CA(organization_name="Laudo on this machine")
    made.cert_pem.write_to_path(str(root))
    key.touch(mode=0o600)
    made.private_key_pem.write_to_path(str(key))
    return made

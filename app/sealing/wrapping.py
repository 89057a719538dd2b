"""The keys of companies, encrypted for the sealer alone (the column `seal_keys.wrapped`).

The company's id is inside, so that a row moved to another company opens nothing.
"""

from __future__ import annotations

import base64
import json

from app.encryption import Unreadable, decrypt, encrypt
from app.sealing.certificates import SealKeyPair, UnfitKey, read_pkcs12


def wrap(pair: SealKeyPair, tenant_id: str, key: bytes) -> str:
    content = {"tenant": tenant_id, "pkcs12": base64.b64encode(pair.as_pkcs12()).decode()}
    return encrypt(json.dumps(content), key=key)


def unwrap(wrapped: str, tenant_id: str, key: bytes) -> SealKeyPair:
    """Raises Unreadable."""
    content = json.loads(decrypt(wrapped, key=key))
    if content["tenant"] != tenant_id:
        raise Unreadable("the key of another company")
    try:
        return read_pkcs12(base64.b64decode(content["pkcs12"]))
    except UnfitKey as error:
        raise Unreadable(str(error)) from error

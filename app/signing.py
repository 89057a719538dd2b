"""All values that are signed with SECRET_KEY and come back from a browser or a mailbox.

Each use has its own salt, so that a value signed for one use is invalid for another. Never change a
salt: existing links and cookies would become invalid.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

DIGEST = {"digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class TimedSignature:
    """One use of signed values that are valid for `seconds`."""

    salt: str
    seconds: int

    def sign(self, value: Any) -> str:
        """`value` is plain JSON and can be read by anyone who has the token."""
        return str(self._serializer().dumps(value))

    def read(self, token: str) -> Any:
        """Raises BadData if not signed for this use, SignatureExpired if too old."""
        return self._serializer().loads(token, max_age=self.seconds)

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(_secret(), salt=self.salt, signer_kwargs=DIGEST)


@dataclass(frozen=True, slots=True)
class RowLink:
    """A kind of link to one row, for people who are not logged in.

    The row decides whether the link is still valid; the signature proves that we made it. So the
    database holds no token, and a mail can be generated again at any time.
    """

    salt: str

    def sign(self, row_id: UUID, generation: int = 1) -> str:
        """The token of a link."""
        return str(self._serializer().dumps([row_id.hex, generation]))

    def read(self, token: str) -> tuple[UUID, int] | None:
        """Row id and generation, or None if not signed for this kind of link."""
        try:
            row_id, generation = self._serializer().loads(token)
            return UUID(row_id), int(generation)
        except (BadData, ValueError, TypeError, AttributeError):
            return None

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(_secret(), salt=self.salt, signer_kwargs=DIGEST)


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """Values that only we can compute, from a row and optionally a text; none has to be stored.

    Nobody can tell the text from the value without SECRET_KEY, however short the text is.
    """

    salt: str

    def token(self, row_id: UUID, text: str = "") -> str:
        """256 bits as 43 letters that fit into an address."""
        return urlsafe_b64encode(self._digest(row_id, text)).decode().rstrip("=")

    def _digest(self, row_id: UUID, text: str) -> bytes:
        secret = _secret()
        key = secret.encode() if isinstance(secret, str) else secret
        said = b"\0".join((self.salt.encode(), row_id.bytes, text.encode()))
        return hmac.digest(key, said, hashlib.sha256)


# A download of one stored file (app/downloads/links.py).
FILE_LINK = TimedSignature("laudo.files", 300)
# Between a correct password and the second step (app/auth/half_way.py).
HALF_WAY = TimedSignature("laudo.half-way", 300)
# A browser in which a person has logged in before (app/web/known_browsers.py).
KNOWN_BROWSER = TimedSignature("laudo.known-browser", 180 * 24 * 3600)
# An uploaded XLSForm that waits until a person has seen what is left out of it
# (app/checklists/kept_forms.py). The sweep deletes its file after the same time.
KEPT_FORM = TimedSignature("laudo.kept-form", 24 * 3600)
INVITATION_LINK = RowLink("laudo.row.invitation")
RESET_LINK = RowLink("laudo.row.reset")
# The link of a witness, the code word that it may ask for, and the proof that it was given.
WITNESS_LINK = DerivedKey("laudo.witness.link")
WITNESS_CODE = DerivedKey("laudo.witness.code")
WITNESS_PROOF = DerivedKey("laudo.witness.proof")


def _secret() -> str | bytes:
    return current_app.secret_key or ""

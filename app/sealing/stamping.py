"""Asks a time stamp authority (RFC 3161) for a token over a file's SHA-256, and checks tokens.

The token is detached: the file that it is about does not change.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from asn1crypto import cms, tsp
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from app.sealing.file import load_chain
from app.slow_work import slow_work

SECONDS = 20
MOST_BYTES = 1 << 20
MEDIA_TYPE = "application/timestamp-reply"


class AuthorityAway(RuntimeError):
    """The authority does not answer, or answers that it cannot now."""


class StampRefused(RuntimeError):
    """The authority refused, or its token is not about this file, or is not genuine."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """`token` is the TimeStampToken as DER; `authority` the name in its certificate."""

    token: bytes
    at: datetime
    authority: str


@slow_work
def request_stamp(url: str, digest: bytes, certificates: Path | None) -> Stamp:
    """A checked token over this SHA-256. `certificates` is a PEM file of the authorities that are
    trusted; without one, the token's own certificate is believed.

    Raises AuthorityAway, StampRefused.
    """
    try:
        token = asyncio.run(_Authority(url).async_timestamp(digest, "sha256"))
    except (TimestampRequestError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise StampRefused(str(error)) from error
    return check_stamp(token.dump(), digest, certificates)


def check_stamp(token: bytes, digest: bytes, certificates: Path | None = None) -> Stamp:
    """What a stored token says. Raises StampRefused."""
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        signer = extract_certificate_info(signed).signer_cert
        roots = load_chain(certificates.read_text()) if certificates else [signer]
        status = asyncio.run(_validate(signed, roots, digest))
    except (SignatureValidationError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise StampRefused(str(error)) from error
    if not (status.intact and status.valid and status.trusted):
        raise StampRefused("the token is not genuine, not about this file, or not trusted")
    return Stamp(token, status.timestamp, signer.subject.human_friendly)


async def _validate(
    signed: cms.SignedData, roots: list[object], digest: bytes
) -> TimestampSignatureStatus:
    made_at = signed["encap_content_info"]["content"].parsed["gen_time"].native
    context = ValidationContext(
        trust_roots=roots, allow_fetching=False, moment=made_at, best_signature_time=made_at
    )
    values = await validate_tst_signed_data(signed, context, lambda _: digest)
    return TimestampSignatureStatus(**values)


class _Authority(TimeStamper):
    def __init__(self, url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        request = urllib.request.Request(  # noqa: S310  (Settings allows http and https)
            self._url, req.dump(), {"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return tsp.TimeStampResp.load(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == 429:
                raise AuthorityAway(f"{self._url}: {error}") from error
            raise TimestampRequestError(f"{self._url}: {error}") from error
        except OSError as error:
            raise AuthorityAway(f"{self._url}: {error}") from error

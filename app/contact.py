"""The contact of a company or a client: address, telephone, e-mail, website, tax number.

Plain values that a column stores as JSON, and their validation. Form fields are in web/contact.py,
printing is in pdf/contact.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from app.definition.sentences import N_, Sentence, say
from app.email_address import MAX_EMAIL, BadEmail, ascii_domain, require_email
from app.stored import Stored

MAX_ADDRESS, MAX_PHONE, MAX_WEBSITE, MAX_TAX_NUMBER = 200, 80, 120, 40
# The order in forms, files and PDFs.
PARTS = ("address", "phone", "email", "website", "tax_number")

BAD_EMAIL = N_('"%(text)s" is not an e-mail address. Enter it like name@company.com.')
BAD_PHONE = N_(
    '"%(text)s" is not a telephone number. Use digits; + ( ) - . / and '
    "spaces are allowed, for example +55 11 4002-8922."
)
BAD_WEBSITE = N_(
    '"%(text)s" is not a website address. Enter it like www.company.com, or start with https://.'
)
BAD_TAX_NUMBER = N_(
    '"%(text)s" is not a tax number. Use letters and digits; . - / and spaces are allowed.'
)
WRONG_CNPJ = N_(
    "The check digits of this CNPJ are wrong. The number is saved as typed; "
    "check it for typing errors."
)

_PHONE = re.compile(r"[\w +()./,;:#*\-–]+")
_TAX_NUMBER = re.compile(r"[\w .,/\-–&]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?![0-9]+(?:[/?#]|$))")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9\-]{0,61}[a-z0-9]")
# Characters that would end an attribute or a URL. Invisible characters, which could hide where a
# link leads, are refused as not printable.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\xa0\"'<>\\`{}|^]")


class Contact(Stored):
    """Each part as it is printed; empty if not given."""

    address: str = Field(default="", max_length=MAX_ADDRESS)
    phone: str = Field(default="", max_length=MAX_PHONE)
    email: str = Field(default="", max_length=MAX_EMAIL)
    website: str = Field(default="", max_length=MAX_WEBSITE)
    tax_number: str = Field(default="", max_length=MAX_TAX_NUMBER)

    def named(self, prefix: str) -> dict[str, str]:
        """The given parts in the audit's format."""
        return {f"{prefix}{part}": value for part, value in self.overrides().items()}

    def changes(self, new: Contact, prefix: str) -> dict[str, dict[str, str]]:
        """The parts that differ in `new`, in the audit's format: 'client_phone' and so on."""
        before, after = self.model_dump(), new.model_dump()
        return {
            f"{prefix}{part}": {"old": before[part], "new": after[part]}
            for part in PARTS
            if before[part] != after[part]
        }


class InvalidContact(ValueError):
    """A part is invalid; `sentence` says what to enter."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def tidy_email(text: str) -> str:
    """An e-mail in the same form as in accounts. Raises InvalidContact."""
    try:
        return require_email(text)
    except BadEmail as error:
        raise InvalidContact(say(BAD_EMAIL, text=_short(text))) from error


def tidy_phone(text: str) -> str:
    """The number as typed, with single spaces.

    Raises InvalidContact if it has fewer than three digits or unusual characters.
    """
    phone = " ".join(text.split())
    if not _PHONE.fullmatch(phone) or sum(one.isdecimal() for one in phone) < 3:
        raise InvalidContact(say(BAD_PHONE, text=_short(text)))
    return phone


def tidy_website(text: str) -> str:
    """The address with https:// as its scheme.

    Raises InvalidContact for another scheme, a password or an invalid host.
    """
    bad = InvalidContact(say(BAD_WEBSITE, text=_short(text)))
    typed = text.strip()
    scheme = _SCHEME.match(typed)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise bad
    rest = typed[scheme.end() :].removeprefix("//") if scheme else typed.removeprefix("//")
    if not rest or _UNFIT.search(rest) or not rest.isprintable():
        raise bad
    try:
        parts = urlsplit(f"https://{rest}")
        host, port = ascii_domain(parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise bad from error
    if "@" in parts.netloc or not _HOST.fullmatch(host):
        raise bad
    shown = (parts.hostname or "").lower() + (f":{port}" if port and port != 443 else "")
    address = parts._replace(netloc=shown).geturl()
    if len(address) > MAX_WEBSITE:
        raise bad
    return address.removesuffix("/") if parts.path == "/" and not parts.query else address


def tidy_tax_number(text: str) -> str:
    """The number as typed, of any country. Raises InvalidContact for impossible characters."""
    number = " ".join(text.split())
    if not _TAX_NUMBER.fullmatch(number) or not any(one.isalnum() for one in number):
        raise InvalidContact(say(BAD_TAX_NUMBER, text=_short(text)))
    return number


def find_tax_number_warning(text: str) -> Sentence | None:
    """A warning if the number has 14 digits but wrong CNPJ check digits."""
    digits = re.sub(r"[ .,/\-–]", "", text)
    if not re.fullmatch(r"[0-9]{14}", digits) or _is_cnpj(digits):
        return None
    return say(WRONG_CNPJ)


def _is_cnpj(digits: str) -> bool:
    """Check the two check digits (Receita Federal: weights 2 to 9 from the right, modulo 11)."""
    for length in (12, 13):
        weights = (2 + place % 8 for place in range(length))
        pairs = zip(digits[length - 1 :: -1], weights, strict=True)
        total = sum(int(digit) * weight for digit, weight in pairs)
        if int(digits[length]) != (0 if total % 11 < 2 else 11 - total % 11):
            return False
    return len(set(digits)) > 1


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:60]}…"


def contact_of(stored: Mapping[str, Any] | None) -> Contact:
    """The contact in a column or a snapshot; older snapshots have none."""
    return Contact.of(stored or {})

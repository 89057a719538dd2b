"""How a company or a client can be reached: address, telephone, e-mail, website, tax number.

Plain values that a column keeps as JSON, and what each may be. How a form asks for them is
web/contact.py, how a PDF prints them pdf/contact.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from app.definition.sentences import N_, Sentence, say
from app.mailbox import MAX_EMAIL, ascii_domain, tidy_address
from app.stored import Stored

MAX_ADDRESS, MAX_PHONE, MAX_WEBSITE, MAX_TAX_NUMBER = 200, 80, 120, 40
# In the order of forms, files and prints.
PARTS = ("address", "phone", "email", "website", "tax_number")

BAD_EMAIL = N_('"%(text)s" is not an e-mail address. Write it like name@company.com.')
BAD_PHONE = N_(
    '"%(text)s" is not a telephone number. Write its digits, with + ( ) - . / and spaces if you'
    " like, for example +55 11 4002-8922."
)
BAD_WEBSITE = N_(
    '"%(text)s" is not the address of a website. Write it like www.company.com, or with https://'
    " before it."
)
BAD_TAX_NUMBER = N_(
    '"%(text)s" is not a tax number. Write letters and digits, with . - / and spaces if you like.'
)
WRONG_CNPJ = N_(
    "The check digits of this CNPJ are wrong. The number is kept as typed; check it for a typing"
    " error."
)

_PHONE = re.compile(r"[\w +()./,;:#*\-–]+")
_TAX_NUMBER = re.compile(r"[\w .,/\-–&]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?![0-9]+(?:[/?#]|$))")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9\-]{0,61}[a-z0-9]")
# What would end an attribute or an address; what nobody sees, and so hides where it leads, is no
# printable sign.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\xa0\"'<>\\`{}|^]")


class Contact(Stored):
    """Each part as it is printed, empty where it is not given."""

    address: str = Field(default="", max_length=MAX_ADDRESS)
    phone: str = Field(default="", max_length=MAX_PHONE)
    email: str = Field(default="", max_length=MAX_EMAIL)
    website: str = Field(default="", max_length=MAX_WEBSITE)
    tax_number: str = Field(default="", max_length=MAX_TAX_NUMBER)

    def named(self, prefix: str) -> dict[str, str]:
        """The parts that are given, as the audit keeps them."""
        return {f"{prefix}{part}": value for part, value in self.overrides().items()}

    def changes(self, new: Contact, prefix: str) -> dict[str, dict[str, str]]:
        """The parts that `new` has otherwise, as the audit keeps them: 'client_phone' and so on."""
        before, after = self.model_dump(), new.model_dump()
        return {
            f"{prefix}{part}": {"old": before[part], "new": after[part]}
            for part in PARTS
            if before[part] != after[part]
        }


class Unfit(ValueError):
    """A part that cannot be what it is said to be; `sentence` says what to write."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def tidy_email(text: str) -> str:
    """As accounts have them. Raises Unfit."""
    try:
        return tidy_address(text)
    except ValueError as error:
        raise Unfit(say(BAD_EMAIL, text=_short(text))) from error


def tidy_phone(text: str) -> str:
    """As it was typed, spaces made one. Raises Unfit without three digits, or for odd signs."""
    phone = " ".join(text.split())
    if not _PHONE.fullmatch(phone) or sum(one.isdecimal() for one in phone) < 3:
        raise Unfit(say(BAD_PHONE, text=_short(text)))
    return phone


def tidy_website(text: str) -> str:
    """With https:// before it, whatever was typed there; no other scheme, no password, no odd host.

    Raises Unfit.
    """
    bad = Unfit(say(BAD_WEBSITE, text=_short(text)))
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
    """Any country's, as it was typed. Raises Unfit for signs that none has."""
    number = " ".join(text.split())
    if not _TAX_NUMBER.fullmatch(number) or not any(one.isalnum() for one in number):
        raise Unfit(say(BAD_TAX_NUMBER, text=_short(text)))
    return number


def doubt_of_tax_number(text: str) -> Sentence | None:
    """What to look at again: a number of 14 digits whose last two a CNPJ could not have."""
    digits = re.sub(r"[ .,/\-–]", "", text)
    if not re.fullmatch(r"[0-9]{14}", digits) or _is_cnpj(digits):
        return None
    return say(WRONG_CNPJ)


def _is_cnpj(digits: str) -> bool:
    """By the two check digits of the Receita Federal, weights 2 to 9 from the right, modulo 11."""
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
    """What a column or a snapshot keeps; an older snapshot keeps nothing."""
    return Contact.of(stored or {})

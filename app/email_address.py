"""E-mail addresses, and the ASCII form of their domains.

Spellings that lead to the same mailbox are one address. A mail goes to exactly the domain that was
entered, or is not sent: Python's own codec turns "straße.example" into "strasse.example", which may
belong to somebody else, and drops invisible characters.
"""

from __future__ import annotations

import re
import unicodedata

from app.errors import DomainError

EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
MAX_EMAIL = 254


class BadEmail(DomainError):
    """ "%(email)s" is not a valid e-mail address."""

    status = 422


def require_email(text: str) -> str:
    """The address in canonical form: trimmed, lower case, full-width letters as plain ones.

    Raises BadEmail, also for invisible characters, which would make two addresses of one.
    """
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > MAX_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise BadEmail(email=text)
    try:
        ascii_domain(email.rpartition("@")[2])
    except ValueError as error:
        raise BadEmail(email=text) from error
    return email


def email_to_look_up(typed: str | None) -> str:
    """User input in the canonical form of addresses, without characters that a database cannot
    store. Input that is not an address simply matches no account."""
    plain = unicodedata.normalize("NFKC", (typed or "")[:1000]).replace("\x00", "")
    return plain.strip().lower()[:MAX_EMAIL]


def ascii_domain(domain: str) -> str:
    """'bücher.example' becomes 'xn--bcher-kva.example'. Raises ValueError for a domain that no
    server would know or that a server would read as another one."""
    if domain.isascii():
        return domain
    coded = domain.encode("idna").decode()
    if coded.encode().decode("idna") != domain.lower():
        raise ValueError("not the name of a mail server")
    return coded

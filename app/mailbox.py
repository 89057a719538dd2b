"""E-mail addresses, and their domains as mail servers know them.

Two spellings that lead to one mailbox are one address, and a mail goes to the domain that was
written or nowhere: the codec of Python reads "straße.example" as "strasse.example", which may be
somebody else's, and drops what cannot be seen.
"""

from __future__ import annotations

import re
import unicodedata

EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")
MAX_EMAIL = 254


def tidy_address(text: str) -> str:
    """Lower-case and without spaces around; wide letters are plain ones, and nothing unseen makes
    two addresses of one. Raises ValueError for what is no e-mail address."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > MAX_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise ValueError("not an e-mail address")
    ascii_domain(email.rpartition("@")[2])
    return email


def ascii_domain(domain: str) -> str:
    """'bücher.example' becomes 'xn--bcher-kva.example'. Raises ValueError for what no server
    would know, or would take for another name."""
    if domain.isascii():
        return domain
    coded = domain.encode("idna").decode()
    if coded.encode().decode("idna") != domain.lower():
        raise ValueError("not the name of a mail server")
    return coded

"""The domain of an e-mail address as mail servers know it.

Two spellings that lead to one mailbox are one address, and a mail goes to the domain that was
written or nowhere: the codec of Python reads "straße.example" as "strasse.example", which may be
somebody else's, and drops what cannot be seen.
"""

from __future__ import annotations


def ascii_domain(domain: str) -> str:
    """'bücher.example' becomes 'xn--bcher-kva.example'. Raises ValueError for what no server
    would know, or would take for another name."""
    if domain.isascii():
        return domain
    coded = domain.encode("idna").decode()
    if coded.encode().decode("idna") != domain.lower():
        raise ValueError("not the name of a mail server")
    return coded

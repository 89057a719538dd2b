"""Which passwords are tried first: the commonest, and what is known of a person, with decorations.

The list is zxcvbn's. Its estimate is not asked: it takes "Acme123456!" of Acme for a strong one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

# The product's own name, and what "password" is called here; one person's come with the question.
OF_ALL = ("laudo", "password", "senha")
LEAST_WORD = 3
LEAST_DIFFERENT = 4
# What fingers and children run along, either way; the digits also over their end.
_ROWS = ("1234567890123", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_STEPS = {step for row in _ROWS for way in (row, row[::-1]) for step in pairwise(way)}
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
# As people write them in a word to satisfy a rule.
_LOOK_ALIKES = str.maketrans("@4831!0$57", "aabeiiosst")


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Whether it is a common password, or made of the words in `about`, whatever digits, marks and
    capitals stand around and in it. `about` is what is known of the person: name, e-mail, company.
    """
    plain = _fold(password)
    if len(set(plain)) < LEAST_DIFFERENT or not _common().isdisjoint(_without_ends(plain)):
        return True
    if _is_run(plain):
        return True
    known = re.compile(f"(?:{'|'.join(map(re.escape, _words(about)))})+")
    return any(_is_common(letters) or known.fullmatch(letters) for letters in _readings(plain))


def _fold(text: str) -> str:
    """Without capitals, accents and wide letters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def _without_ends(plain: str) -> Iterator[str]:
    """The text, and what stays when any of the digits and marks at its ends are taken off: the
    "abc123" of "abc1231!" is a word of the list."""
    yield plain
    if core := _ENDS.sub("", plain):
        begins = plain.index(core)
        ends = begins + len(core)
        for first in range(begins + 1):
            yield from (plain[first:last] for last in range(ends, len(plain) + 1))


def _readings(plain: str) -> set[str]:
    """The letters that are left of it: as they stand, and with look-alikes read as letters. What
    stands at the ends is decoration either way: the 1 of "p4ssword1" is no letter."""
    core = _ENDS.sub("", plain)
    texts = (core, core.translate(_LOOK_ALIKES), plain.translate(_LOOK_ALIKES))
    return {"".join(filter(str.isalpha, text)) for text in texts} - {""}


def _is_run(plain: str) -> bool:
    """Whether two thirds of its steps go to a neighbour: "123456789012", "abcdefg54321"."""
    steps = list(pairwise(plain))
    return 3 * sum(step in _STEPS for step in steps) >= 2 * max(len(steps), 1)


def _is_common(letters: str) -> bool:
    """Also written twice or oftener."""
    once = (letters + letters).find(letters, 1)
    return letters[:once] in _common()


def _words(about: Iterable[str]) -> set[str]:
    """Each text as one word, and each word in it; the host of an e-mail counts to its last dot."""
    texts = [_fold(text).rpartition(".")[0] if "@" in text else _fold(text) for text in about]
    found = {"".join(filter(str.isalpha, text)) for text in texts}
    found |= {word for text in texts for word in re.split(r"[\W\d_]+", text)}
    return {word for word in found if len(word) >= LEAST_WORD} | set(OF_ALL)


@cache
def _common() -> frozenset[str]:
    # When it is first asked: loading the lists takes longer than a page, and most processes of an
    # installation never set a password.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(map(_fold, FREQUENCY_LISTS["passwords"]))

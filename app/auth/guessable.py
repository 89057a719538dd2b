"""Finds guessable passwords: common ones, and facts about the person with digits or marks added.

The word list is zxcvbn's. Its strength estimate is not used: it rates "Acme123456!" as strong even
for a person at Acme.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

# Guessable for everybody: the product's name, and "password" in both languages.
WORDS_FOR_EVERYBODY = ("laudo", "password", "senha")
MIN_WORD_LENGTH = 3
MIN_DISTINCT_CHARACTERS = 4
# Sequences on the keyboard and in the alphabet, in both directions; the digits wrap around.
_ROWS = ("1234567890123", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_STEPS = {step for row in _ROWS for way in (row, row[::-1]) for step in pairwise(way)}
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
# Substitutions that people make to satisfy password rules.
_LOOK_ALIKES = str.maketrans("@4831!0$57", "aabeiiosst")


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Whether the password is common or consists of words in `about` (name, e-mail, company).

    Digits, punctuation and capitals around or inside the words do not make it acceptable.
    """
    plain = _fold(password)
    if len(set(plain)) < MIN_DISTINCT_CHARACTERS or not _common().isdisjoint(_without_ends(plain)):
        return True
    if _is_run(plain):
        return True
    known = re.compile(f"(?:{'|'.join(map(re.escape, _words(about)))})+")
    return any(_is_common(letters) or known.fullmatch(letters) for letters in _readings(plain))


def _fold(text: str) -> str:
    """Lower case, without accents or full-width letters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def _without_ends(plain: str) -> Iterator[str]:
    """The text, then each form with some of the digits and marks at its ends removed: "abc1231!"
    contains the listed "abc123"."""
    yield plain
    if core := _ENDS.sub("", plain):
        begins = plain.index(core)
        ends = begins + len(core)
        for first in range(begins + 1):
            yield from (plain[first:last] for last in range(ends, len(plain) + 1))


def _readings(plain: str) -> set[str]:
    """The letters of the password, with and without look-alikes read as letters. Characters at the
    ends may also be mere decoration: the final 1 of "p4ssword1" is not a letter."""
    core = _ENDS.sub("", plain)
    texts = (core, core.translate(_LOOK_ALIKES), plain.translate(_LOOK_ALIKES))
    return {"".join(filter(str.isalpha, text)) for text in texts} - {""}


def _is_run(plain: str) -> bool:
    """Whether two thirds of the steps go to a neighbouring key: "123456789012", "abcdefg54321"."""
    steps = list(pairwise(plain))
    return 3 * sum(step in _STEPS for step in steps) >= 2 * max(len(steps), 1)


def _is_common(letters: str) -> bool:
    """Whether it is a common password, possibly repeated."""
    once = (letters + letters).find(letters, 1)
    return letters[:once] in _common()


def _words(about: Iterable[str]) -> set[str]:
    """Each text as one word, and each word in it; e-mail addresses without the top-level domain."""
    texts = [_fold(text).rpartition(".")[0] if "@" in text else _fold(text) for text in about]
    found = {"".join(filter(str.isalpha, text)) for text in texts}
    found |= {word for text in texts for word in re.split(r"[\W\d_]+", text)}
    return {word for word in found if len(word) >= MIN_WORD_LENGTH} | set(WORDS_FOR_EVERYBODY)


@cache
def _common() -> frozenset[str]:
    # Loaded on first use: this takes longer than serving a page, and most processes never set a
    # password.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(map(_fold, FREQUENCY_LISTS["passwords"]))

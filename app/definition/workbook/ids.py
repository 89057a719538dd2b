"""Assigns ids that stay the same from one version of a checklist to the next.

An id comes from the workbook, else from the earlier version, else from a slug of the text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MAX_ID = 80


def plain_words(text: str) -> str:
    """Lower case without accents and signs, single spaces: "Seção / Tipo:" -> "secao tipo"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", kept).strip()


def slug(text: str, *, prefix: str = "") -> str:
    """An id of at most 80 characters, [a-z0-9_]; `prefix` is added if it would start otherwise.

    Text in other alphabets and text that is too long end in a digest of the whole text, so that
    different texts get different slugs.
    """
    words = re.sub(r"[^a-z0-9]+", "_", plain_words(text).encode("ascii", "ignore").decode())
    words = words.strip("_")
    if not words:
        words = f"{prefix or 'x'}_{_digest(text)}"
    elif prefix and words[0].isdigit():
        words = f"{prefix}_{words}"
    if len(words) > MAX_ID:
        words = f"{words[: MAX_ID - 9].rstrip('_')}_{_digest(text)}"
    return words


def name_set(names: str) -> frozenset[str]:
    """The normalised names in a string that separates them with bars."""
    return frozenset(names.split("|"))


@dataclass(frozen=True, slots=True)
class IdRequest:
    """An item that needs an id: `keys` are its slugs, best first; `given` is from the workbook."""

    keys: tuple[str, ...]
    given: str | None = None


def assign(requests: Sequence[IdRequest], known: Mapping[str, Sequence[str]]) -> list[str]:
    """One unique id per item, in order.

    `known` maps a slug to the ids that items with this text had in the earlier version. Given ids
    have priority (duplicates must already have been rejected), then known ids, then slugs, numbered
    if taken. A known id is never reused for a different text.
    """
    ids: dict[int, str] = {n: one.given for n, one in enumerate(requests) if one.given}
    used = set(ids.values())
    for number, one in enumerate(requests):
        earlier = [old for key in one.keys for old in known.get(key, ()) if old not in used]
        if number not in ids and earlier:
            ids[number] = earlier[0]
            used.add(earlier[0])
    used.update(old for olds in known.values() for old in olds)
    for number, one in enumerate(requests):
        if number not in ids:
            ids[number] = _free(one.keys[0], used)
            used.add(ids[number])
    return [ids[number] for number in range(len(requests))]


def index_by_words(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Group (slug, id) pairs into the `known` argument of `assign`."""
    known: dict[str, list[str]] = {}
    for key, one in pairs:
        if one not in known.setdefault(key, []):
            known[key].append(one)
    return known


def _free(words: str, used: set[str]) -> str:
    candidate, number = words, 1
    while candidate in used:
        number += 1
        candidate = f"{words[: MAX_ID - len(str(number)) - 1]}_{number}"
    return candidate


def _digest(text: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()[:8]

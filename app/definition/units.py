"""SI prefixes: the factor between a typed unit and the unit of a question.

Knows only prefixes of the same base unit; it never converts between units. measured.py parses
the number itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType

# NFKC unifies the two micros ("μ") and the two ohms, which look the same; phones have neither.
_POWERS = {
    "p": -12,
    "n": -9,
    "μ": -6,
    "u": -6,
    "m": -3,
    "c": -2,
    "d": -1,
    "": 0,
    "h": 2,
    "k": 3,
    "K": 3,
    "M": 6,
    "G": 9,
    "T": 12,
}
# Prefixes that need their unit: nobody writes "5 c" for five centimetres.
_NEVER_ALONE = frozenset("cdh")
_WIDE = "pnμumkKMGT"
# The names of each base unit, and the prefixes that instruments and people use with it.
_BASES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Ω", "ohm", "ohms", "Ohm", "Ohms"), _WIDE),
    *(((name,), _WIDE) for name in ("V", "A", "W", "Hz", "F", "H", "S", "VA", "T")),
    *(((name,), "μumkKMGT") for name in ("var", "VAr", "Wh", "Ah", "J")),
    (("N",), "μumkKM"),
    (("Nm",), "mkKM"),
    (("Pa",), "mhkKMG"),
    (("bar",), "mkK"),
    (("m",), "nμumcdkK"),
    (("g",), "nμumkK"),
    (("L", "l"), "μumcdhkK"),
    (("s",), "pnμum"),
)
_OHM = "Ω"


@lru_cache(maxsize=1_000)
def suffixes(unit: str) -> Mapping[str, int]:
    """The texts that may follow a number instead of `unit`, in NFKC, with their powers of ten.

    `suffixes("MΩ")` has "kΩ": -3, "k": -3, "Ω": -6 and "R": -6. Empty for a unit without
    known prefixes, such as "%", "°C" or "m²" (where a prefix is squared too).
    """
    names, prefixes, own = _base_of(unit)
    known = _spellings(names, prefixes)
    known |= {one: _POWERS[one] for one in prefixes if one not in (*names, *_NEVER_ALONE)}
    known |= {"R": 0} if _OHM in names else {}
    return MappingProxyType({name: power - own for name, power in known.items()})


@lru_cache(maxsize=1_000)
def _base_of(unit: str) -> tuple[tuple[str, ...], str, int]:
    """The names of a unit's base, its prefixes and the unit's own power; no names if unknown."""
    own = unicodedata.normalize("NFKC", unit.strip())
    for names, prefixes in _BASES:
        power = _spellings(names, prefixes).get(own)
        if power is not None:
            return names, prefixes, power
    return (), "", 0


def _spellings(names: tuple[str, ...], prefixes: str) -> dict[str, int]:
    return {f"{one}{name}": _POWERS[one] for one, name in product(("", *prefixes), names)}

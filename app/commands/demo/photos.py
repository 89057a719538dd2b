"""Placing a folder's pictures as a technician would: every picture once, then repeats until each
minimum is met. Uses fields and counts, no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from app.definition.schema import Definition, Field, PhotoMode
from app.imaging.sniff import sniff

HEADER_BYTES = 64


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture for one field; `repeated` if the picture was used before."""

    field: Field
    path: Path
    repeated: bool = False


def pictures_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """(pictures, other files) of a folder by their first bytes, as the upload route sniffs them."""
    pictures: list[Path] = []
    others: list[Path] = []
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        with path.open("rb") as file:
            (pictures if sniff(file.read(HEADER_BYTES)) else others).append(path)
    return pictures, others


def place_each_once(
    definition: Definition, pictures: Iterable[Path], waived: Collection[str]
) -> list[Shot]:
    """Fill the minimums first, in the checklist's order, then spread the rest over the other
    fields."""
    fields = [field for field in _takers(definition) if field.id not in waived]
    needs = (field for field in fields for _ in range(field.photos.min))
    counts: Counter[str] = Counter()
    shots = []
    for path in pictures:
        field = next(needs, None) or _roomiest(fields, counts)
        if field is None:
            break
        counts[field.id] += 1
        shots.append(Shot(field, path))
    return shots


def top_up(
    definition: Definition, good: Mapping[str, int], pictures: list[Path], waived: Collection[str]
) -> list[Shot]:
    """The repeats that minimums still need; `good` counts good pictures by field id."""
    round_again: Iterator[Path] = cycle(pictures)
    return [
        Shot(field, next(round_again), repeated=True)
        for field in _takers(definition)
        if field.id not in waived
        for _ in range(field.photos.min - good.get(field.id, 0))
    ]


def _takers(definition: Definition) -> list[Field]:
    return [field for field in definition.all_fields() if field.photos.mode is not PhotoMode.NONE]


def _roomiest(fields: list[Field], counts: Mapping[str, int]) -> Field | None:
    """The field with the fewest pictures that can take another; the first of equals."""
    room = [field for field in fields if counts.get(field.id, 0) < field.photos.max]
    return min(room, key=lambda field: counts.get(field.id, 0), default=None)

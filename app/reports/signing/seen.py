"""What a signer saw on a phone, compared with the report when the signature arrives.

A signature covers the report's content on the server. If that is not what was on the screen, it
must not be stored (docs/adr/0032).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.definition.answers import InvalidAnswer, clean_text
from app.definition.sentences import N_, Sentence, say
from app.extensions import db
from app.models import Account, OperationVerdict, PhotoPlacement
from app.reports.facts import ReportFacts
from app.reports.receipts import KnownReceipt, find_receipts
from app.web.addresses import read_id
from app.web.locale import reading_order

CHANGED_BY = N_(
    '%(name)s changed "%(question)s" after this was signed, so the signature was not stored. Look '
    "at the report and sign again."
)
CHANGED = N_(
    'The photos of "%(question)s" changed after this was signed, so the signature was not stored. '
    "Look at the report and sign again."
)


# The texts of a photo that a signature covers: the name of the part, the column and the limit.
TEXTS = (
    ("captions", "caption", 500),
    ("reason", "quarantine_reason", 1_000),
    ("position_reason", "position_reason", 1_000),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The row version of each answer by field id, and the placements of each field in their order.

    A version of None, and a placement that is not there, stand for what the server never applied.
    `texts` has the texts that are not empty, by placement and column.
    """

    fields: Mapping[str, int | None]
    photos: Mapping[str, tuple[UUID | None, ...]]
    texts: Mapping[tuple[UUID | None, str], str]


class SeenIncomplete(Exception):
    """The signer saw an operation that has not arrived yet."""


def read_seen(text: str) -> Seen:
    """Parse what the phone sends, and replace client ids by what came of their operations.

    {"fields": {"<field>|<block>": row version or client id}, "photos": {"<field>|<block>":
    [placement or client id, ...]}, "captions": {placement or client id: text}, and "reason" and
    "position_reason" like captions}. Raises ValueError if it is something else, SeenIncomplete.
    """
    try:
        sent = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(sent, dict):
        raise ValueError("not an object")
    fields = {_field_of(key): value for key, value in _part(sent, "fields").items()}
    photos = {_field_of(key): _list(value) for key, value in _part(sent, "photos").items()}
    ids = [_id(value) for value in fields.values() if not isinstance(value, int)]
    placed = {key: [_id(value) for value in values] for key, values in photos.items()}
    receipts = find_receipts([*ids, *(one for values in placed.values() for one in values)])
    named = {one for values in placed.values() for one in values} - receipts.keys()
    if not receipts.keys() >= set(ids) or named - _placements(named):
        raise SeenIncomplete
    return Seen(
        {
            name: value if isinstance(value, int) else _version(receipts[_id(value)])
            for name, value in fields.items()
        },
        {name: tuple(_placed(one, receipts) for one in values) for name, values in placed.items()},
        _texts(sent, receipts),
    )


def find_change(seen: Seen, facts: ReportFacts) -> Sentence | None:
    """What is not as the signer saw it, in words; None if everything is."""
    stored = {name: row.row_version for name, row in facts.rows.items()}
    for name in _ordered(facts, {*stored, *seen.fields}):
        if stored.get(name, 0) != seen.fields.get(name, 0):
            return _answer_changed(facts, name)
    placed: dict[str, list[UUID]] = {}
    for photo in facts.photos:
        placed.setdefault(photo.placement.field_id, []).append(photo.placement.id)
    for name in _ordered(facts, {*placed, *seen.photos}):
        if tuple(placed.get(name, ())) != seen.photos.get(name, ()):
            return say(CHANGED, question=_label(facts, name))
    for placement in (photo.placement for photo in facts.photos):
        for _part_name, column, _most in TEXTS:
            shown = seen.texts.get((placement.id, column), "")
            if getattr(placement, column).split() != shown.split():
                return say(CHANGED, question=_label(facts, placement.field_id))
    return None


def _texts(
    sent: Mapping[str, Any], receipts: Mapping[UUID, KnownReceipt]
) -> Mapping[tuple[UUID | None, str], str]:
    return {
        (_placed(_id(one), receipts), column): _cleaned(text, most)
        for name, column, most in TEXTS
        for one, text in _part(sent, name).items()
    }


def _cleaned(text: object, most: int) -> str:
    """Raises ValueError if nothing like it can be stored."""
    try:
        return clean_text(str(text), most)
    except InvalidAnswer as error:
        raise ValueError("no text of a photo") from error


def _answer_changed(facts: ReportFacts, name: str) -> Sentence:
    row = facts.rows.get(name)
    by = row.answered_by if row else None
    author = db.session.scalar(select(Account.name).where(Account.id == by)) if by else None
    return say(CHANGED_BY, name=author or "Laudo", question=_label(facts, name))


def _ordered(facts: ReportFacts, names: Iterable[str]) -> Sequence[str]:
    """In the order of the checklist, so that the first difference is the first on the page."""
    order = {field.id: at for at, field in enumerate(facts.definition.all_fields())}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _label(facts: ReportFacts, name: str) -> str:
    field = facts.definition.field(name)
    return field.label.first(reading_order(facts.definition.languages)) if field else name


def _placements(named: set[UUID]) -> set[UUID]:
    """Those of the ids that are placements, also removed ones; the others have yet to arrive."""
    return set(
        db.session.scalars(select(PhotoPlacement.id).where(PhotoPlacement.id.in_(named)))
        if named
        else ()
    )


def _part(sent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = sent.get(name, {})
    if not isinstance(part, dict):
        raise ValueError(f"{name} is not an object")
    return part


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def _field_of(key: str) -> str:
    return key.rpartition("|")[0] or key


def _id(value: object) -> UUID:
    found = read_id(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("neither a version nor an id")
    return found


def _version(receipt: KnownReceipt) -> int | None:
    """The version that the operation led to. What was in conflict or refused is not on the server,
    so what the signer saw is not there either."""
    return receipt.row_version if receipt.verdict is OperationVerdict.APPLIED else None


def _placed(one: UUID, receipts: Mapping[UUID, KnownReceipt]) -> UUID | None:
    receipt = receipts.get(one)
    return one if receipt is None else receipt.placement_id

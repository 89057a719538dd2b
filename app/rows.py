"""Finding, comparing and changing one row: shared helpers of all features.

Locking a row is in locks.py. Code for one kind of row belongs to its feature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, class_mapper
from sqlalchemy.types import TypeEngine

from app.errors import NotFound
from app.extensions import db
from app.models import Tenant
from app.models.base import StateText
from app.tenancy import require_tenant

# How JSON writes what it has no type for.
READERS: Mapping[type, Callable[[str], Any]] = {UUID: UUID, datetime: datetime.fromisoformat}

Row = TypeVar("Row")
Model = TypeVar("Model")


def one_or_404(statement: Select[Row], session: Session | None = None) -> Row:
    """The statement's only row; `session` defaults to the tenant's. Raises NotFound."""
    row = (session or db.session).scalars(statement).one_or_none()
    if row is None:
        raise NotFound
    return row


def own_tenant() -> Tenant:
    """The bound tenant's row."""
    return db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()


def row_from_json(model: Callable[..., Model], values: Mapping[str, Any]) -> Model:
    """A row as an object of its model, outside any session, from PostgreSQL's `to_jsonb` of it.

    Raises KeyError if a column of the model is missing.
    """
    return model(**{name: read(values[column]) for name, column, read in _readers(model)})


@cache
def _readers(model: Any) -> Sequence[tuple[str, str, Callable[[Any], Any]]]:
    """Attribute, column and reader of each column of a model."""
    attributes = class_mapper(model).column_attrs
    return [(one.key, one.columns[0].name, _reader(one.columns[0].type)) for one in attributes]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Turns a JSON value into the value of a column of this type."""
    if isinstance(kind, StateText):
        return lambda value: kind.process_result_value(value, None)
    make = READERS.get(kind.python_type)
    return (lambda value: value and make(value)) if make else (lambda value: value)


def company_today(company: Tenant) -> date:
    """Today in the company's time zone, the basis of due days."""
    return datetime.now(ZoneInfo(company.time_zone)).date()


def differences(
    row: object, new: Mapping[str, Any], plain: Callable[[Any], Any] = lambda value: value
) -> dict[str, dict[str, Any]]:
    """The values of `new` that differ from the row, in the audit's format; `plain` makes them
    JSON."""
    return {
        name: {"old": plain(getattr(row, name)), "new": plain(value)}
        for name, value in new.items()
        if getattr(row, name) != value
    }


def apply_changes(
    row: object, new: Mapping[str, Any], plain: Callable[[Any], Any] = lambda value: value
) -> dict[str, dict[str, Any]]:
    """Set the differing values; returns the old and new values as `differences` does."""
    changes = differences(row, new, plain)
    for name in changes:
        setattr(row, name, new[name])
    return changes

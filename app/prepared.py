"""Statements that are put together once in a process and then run as text.

SQLAlchemy takes longer to put a large statement together than PostgreSQL takes to run it. Callers
build a statement with `bound` values, keep what `prepare` makes of it by all that decides its text,
and give the values at each execution. Small or rare statements do not belong here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Result, Select, TextualSelect, bindparam, column, text
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.orm import with_loader_criteria
from sqlalchemy.sql.selectable import CompoundSelect

from app.tenancy import TenantOwned, execute_plain

AnySelect = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
# Names instead of psycopg2's placeholders, as `text` expects them.
_DIALECT = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
_LATER = object()
# In `:name::UUID`, `text` would not see the name.
_CAST = re.compile(r"(?<!:)(:\w+)::")
# Constants are words, numbers and states. Values of other types belong to one person or one moment.
_PERSONAL = (UUID, date, Decimal)


class FixedValue(ValueError):
    """A statement contains a value that would be the same for everybody who runs it later."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as text, with the constants in it."""

    statement: TextualSelect

    def run(self, **values: Any) -> Result[Any]:
        """Run it for the bound tenant. Values that it does not use are ignored."""
        return execute_plain(self.statement, **values)


def bound(name: str) -> Any:
    """Stands for a value that is given at each execution."""
    return bindparam(name, _LATER)


def prepare(statement: AnySelect) -> Prepared:
    """The statement as text, locked to a tenant as the ORM would lock it.

    Raises FixedValue for an id, a day, a moment or an amount that is not `bound`.
    """
    locked = statement.options(
        with_loader_criteria(TenantOwned, _is_of_tenant, include_aliases=True)
    )
    compiled = locked.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    constants = {name: one for name, one in compiled.params.items() if one is not _LATER}
    for name, value in constants.items():
        if isinstance(value, _PERSONAL):
            raise FixedValue(f"{name} is {value!r}; use bound()")
    plain = text(_CAST.sub(r"\1 ::", str(compiled))).bindparams(
        *(_constant(name, value, compiled.binds.get(name)) for name, value in constants.items())
    )
    columns = (column(one.key or "", one.type) for one in statement.selected_columns)
    return Prepared(plain.columns(*columns))


def _constant(name: str, value: Any, bind: BindParameter[Any] | None) -> BindParameter[Any]:
    """A constant with the type that writes it. The parts of an expanded IN have none of their own:
    they are states and words."""
    return bindparam(name, value, type_=None if bind is None else bind.type)


def _is_of_tenant(entity: type[TenantOwned]) -> Any:
    return entity.tenant_id == bound("tenant_id")

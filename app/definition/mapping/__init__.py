"""Client workbooks of no known form: a guess at what they ask, corrected by clicks.

Works on opened workbooks only. No web, no database, no storage.
"""

from app.definition.mapping.engine import map_book
from app.definition.mapping.guessed import (
    Correction,
    FieldPlace,
    Kind,
    MappedChecklist,
    Mapping,
    Places,
    Role,
    RolePlace,
    SheetGuess,
    SheetKind,
    Target,
)

__all__ = [
    "Correction",
    "FieldPlace",
    "Kind",
    "MappedChecklist",
    "Mapping",
    "Places",
    "Role",
    "RolePlace",
    "SheetGuess",
    "SheetKind",
    "Target",
    "map_book",
]

"""Settings that are stored per company as JSON; only values that differ from the defaults are kept.

Reading is lenient, so that work in progress can always finish: an invalid stored value takes its
default. Saving goes through a form and the model's validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Stored(BaseModel):
    """Base of a settings model; frozen, so that it can be part of plain data and be compared."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The settings in force; invalid stored values are ignored."""
        try:
            return cls.model_validate(dict(stored))
        except ValidationError as error:
            unfit = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            return cls.model_validate({k: v for k, v in stored.items() if k not in unfit})

    def overrides(self) -> dict[str, Any]:
        """The differences from the defaults as plain JSON for the column."""
        return self.model_dump(mode="json", exclude_defaults=True)

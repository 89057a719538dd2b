"""Settings that a company keeps as JSON: only what differs from the defaults is stored.

Reading is lenient, because work that has begun always finishes: what a stored value no longer
fits takes its default. Saving goes through a form and the model's own checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Stored(BaseModel):
    """Base of a settings model: frozen, so that it may stand in plain data and be compared."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The settings in force; what does not fit is left out."""
        try:
            return cls.model_validate(dict(stored))
        except ValidationError as error:
            unfit = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            return cls.model_validate({k: v for k, v in stored.items() if k not in unfit})

    def overrides(self) -> dict[str, Any]:
        """As plain JSON for the column."""
        return self.model_dump(mode="json", exclude_defaults=True)

"""The plans of companies and their limits. A company's own limits take precedence."""

from __future__ import annotations

from enum import StrEnum

GIB = 1024**3


class Limit(StrEnum):
    """The limits. Photos are counted per report, storage in bytes."""

    PEOPLE = "people"
    STORAGE_BYTES = "storage_bytes"
    REPORTS_MONTH = "reports_month"
    PHOTOS_REPORT = "photos_report"


class Plan(StrEnum):
    TRIAL = "trial"
    SMALL = "small"
    STANDARD = "standard"
    LARGE = "large"


# None means unlimited.
PLANS: dict[Plan, dict[Limit, int | None]] = {
    Plan.TRIAL: {
        Limit.PEOPLE: 5,
        Limit.STORAGE_BYTES: 2 * GIB,
        Limit.REPORTS_MONTH: 50,
        Limit.PHOTOS_REPORT: 100,
    },
    Plan.SMALL: {
        Limit.PEOPLE: 15,
        Limit.STORAGE_BYTES: 50 * GIB,
        Limit.REPORTS_MONTH: 300,
        Limit.PHOTOS_REPORT: 300,
    },
    Plan.STANDARD: {
        Limit.PEOPLE: 100,
        Limit.STORAGE_BYTES: 500 * GIB,
        Limit.REPORTS_MONTH: 5_000,
        Limit.PHOTOS_REPORT: 1_500,
    },
    Plan.LARGE: {
        Limit.PEOPLE: None,
        Limit.STORAGE_BYTES: None,
        Limit.REPORTS_MONTH: None,
        Limit.PHOTOS_REPORT: 1_500,
    },
}


def limits_of(plan: str, own: dict[str, int | None]) -> dict[Limit, int | None]:
    """The effective limits: the company's own limit if it has one, else the plan's."""
    of_plan = PLANS[Plan(plan)]
    return {limit: own.get(limit.value, of_plan[limit]) for limit in Limit}

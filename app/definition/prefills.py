"""What the facts are called that a report knows of itself, for the sentences that name them."""

from __future__ import annotations

from collections.abc import Mapping

from app.definition.schema import Prefill
from app.definition.sentences import N_

SOURCES: Mapping[Prefill, str] = {
    Prefill.CLIENT: N_("client of the project"),
    Prefill.PROJECT: N_("name of the project"),
    Prefill.ADDRESS: N_("address of the project"),
    Prefill.TAG: N_("tag of the equipment"),
    Prefill.EQUIPMENT: N_("name of the equipment"),
    Prefill.TECHNICIAN: N_("name of the assignee"),
    Prefill.COMPANY: N_("name of the company"),
    Prefill.REPORT_NUMBER: N_("number of the report"),
    Prefill.START_DATE: N_("day on which the report was started"),
}

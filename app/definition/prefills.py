"""The names of the facts that can prefill a field, for use in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from app.definition.schema import Prefill
from app.definition.sentences import N_

SOURCES: Mapping[Prefill, str] = {
    Prefill.CLIENT: N_("project client"),
    Prefill.PROJECT: N_("project name"),
    Prefill.ADDRESS: N_("project address"),
    Prefill.TAG: N_("equipment tag"),
    Prefill.EQUIPMENT: N_("equipment name"),
    Prefill.TECHNICIAN: N_("assignee's name"),
    Prefill.COMPANY: N_("company name"),
    Prefill.REPORT_NUMBER: N_("report number"),
    Prefill.START_DATE: N_("report start date"),
}

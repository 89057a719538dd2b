"""Attaches files to a rendered PDF. The same input always gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf

from app.slow_work import slow_work


@dataclass(frozen=True, slots=True)
class Attachment:
    """`relation` is an AFRelationship of ISO 32000-2: Source, Data or Supplement."""

    name: str
    description: str
    relation: str
    media_type: str
    data: bytes


@slow_work
def attach(path: Path, attachments: Sequence[Attachment], at: datetime) -> None:
    """Attach the files and rewrite the PDF in place; `at` is their date, aware."""
    stamp = at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
    draft = path.with_suffix(".attached")
    with pikepdf.open(path) as pdf:
        specs = [_specify(pdf, one, stamp) for one in attachments]
        for one, spec in zip(attachments, specs, strict=True):
            pdf.attachments[one.name] = spec
        pdf.Root.AF = pdf.make_indirect(pikepdf.Array([spec.obj for spec in specs]))
        # The id is computed from the content; streams stay as WeasyPrint wrote them.
        pdf.save(draft, deterministic_id=True)
    draft.replace(path)


def _specify(pdf: pikepdf.Pdf, one: Attachment, stamp: str) -> pikepdf.AttachedFileSpec:
    return pikepdf.AttachedFileSpec(
        pdf,
        one.data,
        filename=one.name,
        description=one.description,
        mime_type=one.media_type,
        relationship=pikepdf.Name("/" + one.relation),  # type: ignore[call-arg]
        creation_date=stamp,
        mod_date=stamp,
    )

"""Reads the files that a witness's page shows: pictures of their report, and their signature."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.models import Derivative, DerivativeKind, PhotoPlacement, Report, Signature, Witness
from app.reports.queries import shown_to
from app.rows import one_or_404


def get_picture(witness: Witness, placement_id: UUID, kind: str) -> Derivative:
    """The newest derivative of a photo that is placed in the witness's report. Raises NotFound."""
    return one_or_404(
        select(Derivative)
        .join(PhotoPlacement, PhotoPlacement.photo_id == Derivative.photo_id)
        .where(
            PhotoPlacement.id == placement_id,
            PhotoPlacement.removed_at.is_(None),
            PhotoPlacement.report_id.in_(shown_to(witness).with_only_columns(Report.id)),
            Derivative.kind == DerivativeKind(kind),
        )
        .order_by(Derivative.created_at.desc())
        .limit(1)
    )


def get_signature(witness: Witness) -> Signature:
    """The newest signature that came by this link. Raises NotFound."""
    return one_or_404(
        select(Signature)
        .where(
            Signature.witness_id == witness.id,
            Signature.report_id.in_(shown_to(witness).with_only_columns(Report.id)),
            Signature.image_key.is_not(None),
        )
        .order_by(Signature.created_at.desc(), Signature.id.desc())
        .limit(1)
    )

"""Signing on a phone, and withdrawing a signature."""

from __future__ import annotations

from app.models import Actor, OperationVerdict
from app.operations.operation import (
    Done,
    Drawn,
    Early,
    Needs,
    Operation,
    OperationKind,
    Outcome,
)
from app.reports.signing.place import draw_place
from app.reports.signing.seen import SeenIncomplete
from app.reports.signing.service import (
    MAX_DRAWN_BYTES,
    MAX_IMAGE_BYTES,
    ContentChanged,
    SignatureInput,
    sign_report,
    withdraw_signature,
)


def _sign(sent: Operation, actor: Actor) -> Done:
    given = SignatureInput(
        signer_name=sent.entries.get("signer_name", ""),
        image=sent.files.get("image", b""),
        strokes=sent.files.get("strokes"),
        client_id=sent.client_id,
        client_at=sent.client_at,
        # What a phone does not say that the signer saw is not signed.
        seen=sent.entries.get("seen", ""),
    )
    try:
        sign_report(report_id=sent.report_id, role_id=_role(sent), given=given, actor=actor)
    except SeenIncomplete:
        raise Early(Needs.PREDECESSOR) from None
    except ContentChanged as error:
        return Done(OperationVerdict.CONFLICT, sentence=error.change)
    return Done()


def _withdraw(sent: Operation, actor: Actor) -> Done:
    withdraw_signature(report_id=sent.report_id, role_id=_role(sent), actor=actor)
    return Done()


def _role(sent: Operation) -> str:
    return sent.entries.get("role_id", "")


def _draw(sent: Operation, _outcome: Outcome, actor: Actor) -> Drawn:
    return Drawn(draw_place(sent.report_id, _role(sent), person=actor))


SIGNATURE = OperationKind(
    "signature", _sign, _draw, files={"image": MAX_IMAGE_BYTES, "strokes": MAX_DRAWN_BYTES}
)
WITHDRAWAL = OperationKind("withdrawal", _withdraw, _draw)

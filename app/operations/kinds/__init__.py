"""The kinds of operations. A new kind is a module here and a line in ALL."""

from __future__ import annotations

from collections.abc import Mapping

from app.operations.kinds.answers import ANSWER
from app.operations.kinds.new_photos import PHOTO
from app.operations.kinds.placements import PLACEMENT_KINDS
from app.operations.kinds.settling import SETTLE
from app.operations.kinds.signatures import SIGNATURE, WITHDRAWAL
from app.operations.kinds.submits import SUBMIT
from app.operations.operation import OperationKind

ALL = (ANSWER, PHOTO, *PLACEMENT_KINDS, SIGNATURE, WITHDRAWAL, SUBMIT, SETTLE)
KINDS: Mapping[str, OperationKind] = {kind.name: kind for kind in ALL}

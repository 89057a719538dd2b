"""What differs from what was recorded, in words that a person can act on.

Used by pages in the reader's language and by operators' commands in English. What differs is found
in verification.py.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _

from app.definition.schema import Definition, Field, SignatureRole
from app.definition.sentences import N_, say
from app.evidence.verification import Difference, Part

PARTS = {
    Part.REPORT: N_("The report itself: %(facts)s"),
    Part.DEFINITION: N_("The checklist's version: %(facts)s"),
    Part.CONTENT: N_("The content that signatures cover: %(facts)s"),
    Part.ANSWER: N_('The answer to "%(subject)s": %(facts)s'),
    Part.PHOTO: N_("Photo %(subject)s: %(facts)s"),
    Part.REMOVED_PHOTO: N_("Removed photo %(subject)s: %(facts)s"),
    Part.SIGNATURE: N_('The signature as "%(subject)s": %(facts)s'),
    Part.ROWS: N_("Rows of the table %(subject)s: %(facts)s"),
    Part.SNAPSHOT: N_("The frozen snapshot: %(facts)s"),
    Part.DOCUMENT: N_("PDF %(subject)s: %(facts)s"),
    Part.FILE: N_("Stored file, %(subject)s: %(facts)s"),
}

MISSING, ADDED, CHANGED = N_("missing"), N_("added later"), N_("changed")
_PLACE = N_("place given by the browser")
_CAMERA_PLACE, _CAMERA_TIME = N_("place read from the photo"), N_("time read from the photo")
FACTS = {
    "missing": MISSING,
    "added": ADDED,
    "changed": CHANGED,
    "unreadable": N_("cannot be read"),
    # A report
    "id": N_("id"),
    "tenant": N_("company"),
    "number": N_("number"),
    "revision": N_("revision"),
    "revision_of": N_("revised report"),
    "revision_reason": N_("reason of the revision"),
    "title": N_("title"),
    "created_at": N_("time of creation"),
    "started_at": N_("time of the first answer"),
    "submitted_at": N_("time of the submit"),
    "completed_at": N_("time of completion"),
    "project": N_("project"),
    "equipment": N_("equipment"),
    "started_by": N_("who started it"),
    "assignee": N_("assignee"),
    "completed_by": N_("who completed it"),
    "outcome": N_("result"),
    "status": N_("status"),
    # Its checklist
    "checklist": N_("checklist"),
    "version": N_("number of the version"),
    "version_id": N_("version"),
    "sha256": N_("SHA-256"),
    "hash": N_("SHA-256"),
    # An answer
    "value": N_("value"),
    "comment": N_("comment"),
    "na_reason": N_("reason of N.A."),
    "row_version": N_("number of saves"),
    "answered_by": N_("who answered"),
    "answered_at": N_("time of the answer"),
    "client_at": N_("time on the phone"),
    # A photo
    "field": N_("question"),
    "position": N_("place in the order"),
    "caption": N_("caption"),
    "quarantine_reason": N_("reason why it must do"),
    "position_reason": N_("reason why it has no position"),
    "photo": N_("which photo it is"),
    "byte_size": N_("size"),
    "media_type": N_("type"),
    "source": N_("source"),
    "uploaded_by": N_("who sent it"),
    "received_at": N_("time of receipt"),
    "removed_at": N_("time of removal"),
    "receipt": N_("not as it was received"),
    "pictures": N_("thumbnail or print"),
    "browser_latitude": _PLACE,
    "browser_longitude": _PLACE,
    "browser_accuracy_m": _PLACE,
    "browser_position_at": N_("time of the place"),
    "reading_verdict": N_("verdict of the reading"),
    "reading_reason": N_("reason of the quarantine"),
    "reading_notes": N_("notes of the reading"),
    "reading_width": N_("width"),
    "reading_height": N_("height"),
    "reading_orientation": N_("orientation"),
    "reading_taken_at": _CAMERA_TIME,
    "reading_taken_offset": _CAMERA_TIME,
    "reading_latitude": _CAMERA_PLACE,
    "reading_longitude": _CAMERA_PLACE,
    "reading_altitude_m": _CAMERA_PLACE,
    "reading_accuracy_m": _CAMERA_PLACE,
    "reading_device": N_("device"),
    "reading_parser_version": N_("version of the reader"),
    "reading_exif": N_("EXIF"),
    # A signature
    "signer": N_("signer"),
    "image_sha256": N_("picture"),
    "strokes_sha256": N_("strokes"),
    "content_hash": N_("what was signed"),
    "is_valid": N_("validity"),
    "signed_at": N_("time of signing"),
    "taken_by": N_("who took it"),
    # The snapshot
    "body": N_("content"),
    "audit_hash": N_("the audit entry that it names"),
    "completion": N_("no audit entry of the completion names it"),
    # A PDF
    "pages": N_("pages"),
    "photos": N_("photos"),
    "quarantined": N_("photos in quarantine"),
    "is_preview": N_("preview or final"),
    "storage_key": N_("file"),
    "report": N_("not asked for by this report"),
}


def told(difference: Difference, definition: Definition | None = None) -> str:
    """One difference as a line in the reader's language; `definition` gives answers and signatures
    their labels."""
    subject = _label(difference, definition) if definition else difference.subject
    return _line(difference, subject, lambda msgid, **params: str(_(msgid, **params)))


def told_in_english(difference: Difference) -> str:
    """One difference as a line for operators."""
    return _line(difference, difference.subject, lambda msgid, **params: str(say(msgid, **params)))


def _line(difference: Difference, subject: str, translate: Callable[..., str]) -> str:
    words = (translate(FACTS[name]) if name in FACTS else name for name in difference.facts)
    facts = ", ".join(dict.fromkeys(words))
    return translate(PARTS[difference.part], subject=subject, facts=facts)


def _label(difference: Difference, definition: Definition) -> str:
    named: Field | SignatureRole | None = None
    if difference.part is Part.ANSWER:
        named = definition.field(difference.subject)
    elif difference.part is Part.SIGNATURE:
        named = definition.role(difference.subject)
    return named.label.first(definition.languages) if named else difference.subject

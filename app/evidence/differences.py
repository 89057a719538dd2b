"""Describes differences from the recorded evidence in words.

Pages use the reader's language, operators' commands English. verification.py finds the differences.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _

from app.definition.schema import Definition, Field, SignatureRole
from app.definition.sentences import N_, say
from app.evidence.verification import Difference, Part
from app.web.locale import reading_order

PARTS = {
    Part.REPORT: N_("The report itself: %(facts)s"),
    Part.DEFINITION: N_("The checklist version: %(facts)s"),
    Part.CONTENT: N_("The content covered by signatures: %(facts)s"),
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
# States of a whole part.
STATES = {
    "missing": MISSING,
    "added": ADDED,
    "changed": CHANGED,
    "unreadable": N_("cannot be read"),
    "receipt": N_("not as received"),
    "completion": N_("not listed in the audit entry of the completion"),
    "report": N_("not requested by this report"),
}
DIFFERS = N_("differs in %(facts)s")
_PLACE, _PLACE_ACCURACY = (
    N_("the position given by the browser"),
    N_("the accuracy of that position"),
)
_CAMERA_PLACE = N_("the position read from the photo's file")
_CAMERA_TIME = N_("the time read from the photo's file")
# The facts that can differ, worded so that each is clear on its own.
FACTS = {
    # A report
    "id": N_("the id in the database"),
    "tenant": N_("the company"),
    "number": N_("the report's number"),
    "revision": N_("the revision"),
    "revision_of": N_("the report it revises"),
    "revision_reason": N_("the reason for the revision"),
    "title": N_("the report's title"),
    "check_token": N_("the report's public address"),
    "created_at": N_("the time of creation"),
    "started_at": N_("the time of the first answer"),
    "submitted_at": N_("the time of submission"),
    "completed_at": N_("the time of completion"),
    "project": N_("the project"),
    "equipment": N_("the equipment"),
    "started_by": N_("the person who started it"),
    "assignee": N_("the person it was assigned to"),
    "completed_by": N_("the person who completed it"),
    "outcome": N_("the report's result"),
    "status": N_("the status"),
    # Its checklist
    "checklist": N_("the checklist"),
    "version": N_("the checklist version number"),
    "version_id": N_("the checklist version"),
    "sha256": N_("the hash (SHA-256)"),
    "hash": N_("the hash (SHA-256) of the content"),
    # An answer
    "value": N_("the answer's value"),
    "comment": N_("the answer's comment"),
    "na_reason": N_("the reason for N.A."),
    "row_version": N_("the number of times the answer was saved"),
    "answered_by": N_("the person who answered"),
    "answered_at": N_("the time of the answer"),
    "client_at": N_("the time on the device clock"),
    # An answer or a photo
    "carried_from": N_("what it was carried over from"),
    # A photo
    "field": N_("the question it belongs to"),
    "position": N_("the photo's order"),
    "caption": N_("the photo's caption"),
    "quarantine_reason": N_("the reason for keeping the unreadable photo"),
    "position_reason": N_("the reason the photo has no position"),
    "photo": N_("which photo it is"),
    "byte_size": N_("the file size"),
    "media_type": N_("the file type"),
    "source": N_("whether it came from the camera or a file"),
    "uploaded_by": N_("the person who uploaded it"),
    "received_at": N_("the time of receipt"),
    "removed_at": N_("the time of removal"),
    "pictures": N_("the thumbnail or the print-size image"),
    "browser_latitude": _PLACE,
    "browser_longitude": _PLACE,
    "browser_accuracy_m": _PLACE_ACCURACY,
    "browser_position_at": N_("the time of the browser's position"),
    "reading_verdict": N_("whether the image could be read"),
    "reading_reason": N_("the reason for the quarantine"),
    "reading_notes": N_("the notes about the file"),
    "reading_width": N_("the width of the image"),
    "reading_height": N_("the height of the image"),
    "reading_orientation": N_("the orientation of the image"),
    "reading_taken_at": _CAMERA_TIME,
    "reading_taken_offset": N_("the time zone read from the photo's file"),
    "reading_latitude": _CAMERA_PLACE,
    "reading_longitude": _CAMERA_PLACE,
    "reading_altitude_m": N_("the altitude read from the photo's file"),
    "reading_accuracy_m": N_("the accuracy read from the photo's file"),
    "reading_device": N_("the camera named in the photo's file"),
    "reading_parser_version": N_("the version of the program that read the file"),
    "reading_exif": N_("the camera data (EXIF) of the photo's file"),
    # A signature
    "signer": N_("the signer's name"),
    "image_sha256": N_("the signature image"),
    "strokes_sha256": N_("the signature strokes"),
    "content_hash": N_("the signed content"),
    "is_valid": N_("whether the signature is valid"),
    "signed_at": N_("the time of signing"),
    "taken_by": N_("the person who collected the signature"),
    "witness": N_("the witness who signed"),
    # The snapshot
    "body": N_("the frozen content"),
    "audit_hash": N_("the audit entry it refers to"),
    # A PDF
    "pages": N_("the number of pages"),
    "photos": N_("the number of photos"),
    "quarantined": N_("the number of photos in quarantine"),
    "is_preview": N_("whether it is a preview"),
    "layout": N_("the layout of its pages"),
    "seal": N_("the certificate of its seal"),
    "sealed_at": N_("the time of its seal"),
    "storage_key": N_("the storage location of the file"),
}


def describe(difference: Difference, definition: Definition | None = None) -> str:
    """A difference as a line in the reader's language; `definition` has the labels of answers and
    signatures."""
    subject = _label(difference, definition) if definition else difference.subject
    return _line(difference, subject, lambda msgid, **params: str(_(msgid, **params)))


def describe_in_english(difference: Difference) -> str:
    """A difference as a line for operators."""
    return _line(difference, difference.subject, lambda msgid, **params: str(say(msgid, **params)))


def _line(difference: Difference, subject: str, translate: Callable[..., str]) -> str:
    words = [translate(STATES[name]) for name in difference.facts if name in STATES]
    differing = [name for name in difference.facts if name not in STATES]
    if differing:
        # A fact that only a later version knows is shown by its name.
        facts = (translate(FACTS[name]) if name in FACTS else name for name in differing)
        words.append(translate(DIFFERS, facts=", ".join(dict.fromkeys(facts))))
    return translate(PARTS[difference.part], subject=subject, facts=", ".join(words))


def _label(difference: Difference, definition: Definition) -> str:
    named: Field | SignatureRole | None = None
    if difference.part is Part.ANSWER:
        named = definition.field(difference.subject)
    elif difference.part is Part.SIGNATURE:
        named = definition.role(difference.subject)
    return named.label.first(reading_order(definition.languages)) if named else difference.subject

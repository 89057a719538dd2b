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
# What is said of the whole part.
STATES = {
    "missing": MISSING,
    "added": ADDED,
    "changed": CHANGED,
    "unreadable": N_("cannot be read"),
    "receipt": N_("not as it was received"),
    "completion": N_("no audit entry of the completion names it"),
    "report": N_("not asked for by this report"),
}
DIFFERS = N_("differs in %(facts)s")
_PLACE, _PLACE_ACCURACY = N_("the place given by the browser"), N_("the accuracy of that place")
_CAMERA_PLACE = N_("the place read from the photo's file")
_CAMERA_TIME = N_("the time read from the photo's file")
# What can differ in a part, so that it can be understood alone.
FACTS = {
    # A report
    "id": N_("the id in the database"),
    "tenant": N_("the company"),
    "number": N_("the report's number"),
    "revision": N_("the revision"),
    "revision_of": N_("the report that it revises"),
    "revision_reason": N_("the reason of the revision"),
    "title": N_("the report's title"),
    "created_at": N_("the time of creation"),
    "started_at": N_("the time of the first answer"),
    "submitted_at": N_("the time of the submit"),
    "completed_at": N_("the time of completion"),
    "project": N_("the project"),
    "equipment": N_("the equipment"),
    "started_by": N_("the person who started it"),
    "assignee": N_("the person it was assigned to"),
    "completed_by": N_("the person who completed it"),
    "outcome": N_("the report's result"),
    "status": N_("the state that it is in"),
    # Its checklist
    "checklist": N_("the checklist"),
    "version": N_("the number of the checklist's version"),
    "version_id": N_("the checklist's version"),
    "sha256": N_("the hash (SHA-256)"),
    "hash": N_("the hash (SHA-256) of the content"),
    # An answer
    "value": N_("the answer's value"),
    "comment": N_("the answer's comment"),
    "na_reason": N_("the reason why it was not applicable"),
    "row_version": N_("how often the answer was saved"),
    "answered_by": N_("the person who answered"),
    "answered_at": N_("the time of the answer"),
    "client_at": N_("the time on the phone"),
    # A photo
    "field": N_("the question that it belongs to"),
    "position": N_("the photo's place in the order"),
    "caption": N_("the photo's caption"),
    "quarantine_reason": N_("the reason why the unreadable photo must do"),
    "position_reason": N_("the reason why the photo has no position"),
    "photo": N_("which photo it is"),
    "byte_size": N_("the size of the file"),
    "media_type": N_("the kind of file"),
    "source": N_("whether camera or file picker gave it"),
    "uploaded_by": N_("the person who sent it"),
    "received_at": N_("the time of receipt"),
    "removed_at": N_("the time of removal"),
    "pictures": N_("the thumbnail or the picture for print"),
    "browser_latitude": _PLACE,
    "browser_longitude": _PLACE,
    "browser_accuracy_m": _PLACE_ACCURACY,
    "browser_position_at": N_("the time of the browser's place"),
    "reading_verdict": N_("whether the picture could be read"),
    "reading_reason": N_("the reason of the quarantine"),
    "reading_notes": N_("what was noted about the file"),
    "reading_width": N_("the width of the picture"),
    "reading_height": N_("the height of the picture"),
    "reading_orientation": N_("which way up the picture is"),
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
    "signer": N_("the name of the signer"),
    "image_sha256": N_("the picture of the signature"),
    "strokes_sha256": N_("the strokes of the signature"),
    "content_hash": N_("the content that was signed"),
    "is_valid": N_("whether the signature is valid"),
    "signed_at": N_("the time of signing"),
    "taken_by": N_("the person who took the signature"),
    # The snapshot
    "body": N_("the frozen content"),
    "audit_hash": N_("the audit entry that it names"),
    # A PDF
    "pages": N_("the number of pages"),
    "photos": N_("the number of photos"),
    "quarantined": N_("the number of photos in quarantine"),
    "is_preview": N_("whether it is a preview"),
    "storage_key": N_("where the file is stored"),
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
    words = [translate(STATES[name]) for name in difference.facts if name in STATES]
    differing = [name for name in difference.facts if name not in STATES]
    if differing:
        # A fact of a later version goes by its own name.
        facts = (translate(FACTS[name]) if name in FACTS else name for name in differing)
        words.append(translate(DIFFERS, facts=", ".join(dict.fromkeys(facts))))
    return translate(PARTS[difference.part], subject=subject, facts=", ".join(words))


def _label(difference: Difference, definition: Definition) -> str:
    named: Field | SignatureRole | None = None
    if difference.part is Part.ANSWER:
        named = definition.field(difference.subject)
    elif difference.part is Part.SIGNATURE:
        named = definition.role(difference.subject)
    return named.label.first(definition.languages) if named else difference.subject

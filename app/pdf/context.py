"""Everything that a PDF prints, as frozen plain data; the documents feature fills it in.

Models, queries, HTML and rules about the meaning of answers do not belong here. Verdicts, marks
and counts are already decided; this package only lays them out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.definition.outcome import Outcome
from app.pdf.changes import Correction as Correction
from app.pdf.changes import PrintedText as PrintedText
from app.pdf.handling import ImportedWork, PhotoTrust, ReviewStep, WitnessLink
from app.pdf.settings import DEFAULTS, PdfSettings


class Mark(StrEnum):
    """Whether a measured value is within its limits."""

    IN = "in"
    OUT = "out"


class TimeSource(StrEnum):
    """The clock that gave the time of a photo."""

    CAMERA = "camera"
    PHONE = "phone"
    RECEIPT = "receipt"


class PlaceSource(StrEnum):
    """The source of a photo's position."""

    CAMERA = "camera"
    BROWSER = "browser"


class ExceptionKind(StrEnum):
    NOT_OK = "not_ok"
    OUT_OF_LIMITS = "out_of_limits"
    QUARANTINED_PHOTO = "quarantined_photo"
    DAMAGED_PHOTO = "damaged_photo"
    CLOCKS_DISAGREE = "clocks_disagree"
    PLACES_DISAGREE = "places_disagree"
    FAR_FROM_SITE = "far_from_site"


class PersonRole(StrEnum):
    ASSIGNED = "assigned_to"
    STARTED = "started_by"
    COMPLETED = "completed_by"


def _without_name(line: str, name: str) -> str:
    if line.casefold() == name.casefold():
        return ""
    begins = re.match(rf"{re.escape(name)}(\s*[·|,;:]|\s+[–—-]\s)\s*", line, re.IGNORECASE)
    return line[begins.end() :] if begins else line


@dataclass(frozen=True, slots=True)
class Branding:
    """Logos are file keys (JPEG or PNG); colours are '#rrggbb'; `contact` is one line per entry."""

    name: str
    logo_key: str | None = None
    second_logo_key: str | None = None
    accent: str = "#1f5fa8"
    second: str = "#33475b"
    third: str = "#8a99a8"
    contact: tuple[str, ...] = ()

    @staticmethod
    def contact_of(text: str, name: str) -> tuple[str, ...]:
        """The lines of a contact without the company's name, which is printed before them."""
        lines = (_without_name(line.strip(), name) for line in text.splitlines())
        return tuple(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Project:
    """`address`, `coordinates` and `radius` ('1 km') describe the site, not a photo's position."""

    name: str
    client: str
    address: str = ""
    coordinates: str = ""
    radius: str = ""
    client_contact: tuple[str, ...] = ()  # one line per entry


@dataclass(frozen=True, slots=True)
class Equipment:
    tag: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ReportPerson:
    role: PersonRole
    name: str


@dataclass(frozen=True, slots=True)
class Report:
    """`number` is without the revision ('LD-0042'); `status` is a ReportStatus value."""

    number: str
    revision: int
    title: str
    status: str
    is_preview: bool
    created_at: datetime
    started_at: datetime | None = None
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    people: tuple[ReportPerson, ...] = ()
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    code: str
    version: int
    title: PrintedText
    category: str | None = None
    reference_standards: tuple[str, ...] = ()
    planning_requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Inclusive bounds as decimal text ('0.1'), each optional, and the unit."""

    unit: str | None = None
    minimum: str | None = None
    maximum: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """An assessed measured value; `mark` is None if there are no limits, `typed` is the typed text
    if it looks like a different number, else None."""

    text: str
    mark: Mark | None = None
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One measured row; `cells` has one entry per column, None if nothing was measured."""

    label: PrintedText
    cells: tuple[Measurement | None, ...]


@dataclass(frozen=True, slots=True)
class MeasurementTable:
    columns: tuple[PrintedText, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources disagree about one photo; `detail` is a sentence with both values."""

    kind: ExceptionKind
    detail: str


@dataclass(frozen=True, slots=True)
class Photo:
    """One placed photo. `key` names its print derivative in `files`, `sha256` is the original's.

    `number` is the question's with a count from 1 within it ('4.2-3'); width and height are the
    derivative's pixels; `time_text` names its zone; `accuracy` is like '±12 m', `nearest` like
    '3.2 km from Vinhedo, SP, BR (GeoNames)', `from_site` like '120 m from the site'. `notes` are
    sentences about data in its file that was not used as it is; `position_reason` is the
    technician's reason for a missing position. `is_told`: the strip shows time and place.
    """

    key: str
    number: str
    width: int
    height: int
    sha256: str
    caption: str = ""
    time_text: str = ""
    time_source: TimeSource | None = None
    coordinates: str = ""
    accuracy: str = ""
    place_source: PlaceSource | None = None
    nearest: str = ""
    from_site: str = ""
    is_far: bool = False
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()
    is_repeat: bool = False
    is_damaged: bool = False
    position_reason: str = ""
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Differing:
    """A report value that differs from an answer: `fact` names it as a Prefill does."""

    fact: str
    own: str
    typed: str


@dataclass(frozen=True, slots=True)
class Question:
    """One field with its answer; a note has none.

    `texts` is what was written, or the options with `is_chosen`. Any field may have the `verdict`
    'na' with its reason. `rules` say how the value was calculated and why it `is_failed`."""

    field_id: str
    number: str
    label: PrintedText
    is_note: bool = False
    hint: PrintedText | None = None
    verdict: str | None = None
    texts: tuple[PrintedText, ...] = ()
    is_chosen: bool = False
    measurement: Measurement | None = None
    table: MeasurementTable | None = None
    limits: Limits | None = None
    na_reason: str = ""
    comment: str = ""
    photos: tuple[Photo, ...] = ()
    differs: Differing | None = None
    rules: tuple[PrintedText, ...] = ()
    is_failed: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    number: str
    title: PrintedText
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A role and its signature; `witness` is whom the link was sent to that it came by."""

    role: PrintedText
    signer: str = ""
    signed_at: datetime | None = None
    image_key: str | None = None
    content_sha256: str = ""
    is_void: bool = False
    witness: str = ""


@dataclass(frozen=True, slots=True)
class ReportException:
    """`number` and `label` are the field's; `detail` is the comment, the value or the reason."""

    kind: ExceptionKind
    field_id: str
    number: str
    label: PrintedText
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotApplicable:
    field_id: str
    number: str
    label: PrintedText
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is None while a preview cannot be assessed; `questions` excludes notes."""

    outcome: Outcome | None
    questions: int
    ok: int = 0
    not_ok: int = 0
    not_applicable: int = 0
    out_of_limits: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class QuarantinedPhoto:
    """`number` follows the question's printed photos, `reason` is the worker's finding,
    `technician_reason` why the photo could not be retaken."""

    number: str
    label: PrintedText
    sha256: str
    reason: str
    technician_reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoNote:
    """One sentence about the files of some photos: numbers, each with the value in its file."""

    words: PrintedText
    photos: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PhotoTotals:
    """`good` photos can be shown, so all are printed; `unread` ones came too late for a preview."""

    good: int
    quarantined: tuple[QuarantinedPhoto, ...] = ()
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The whole PDF. `languages` has one or two of 'en', 'pt', the first shown larger.

    `gazetteer` is the source of nearest places with its version, `seal_fingerprint` the SHA-256 of
    the certificate that will seal the file; either may be empty. `check_url` is the
    report's public page. `time_zone` is an IANA name;
    `rendered_at`, the file's only clock, is from the document's row: same context, same bytes.
    """

    branding: Branding
    project: Project
    report: Report
    checklist: Checklist
    languages: tuple[str, ...]
    time_zone: str
    result: Result
    sections: tuple[Section, ...]
    rendered_at: datetime
    photo_totals: PhotoTotals
    equipment: Equipment | None = None
    info: tuple[Question, ...] = ()
    signatures: tuple[Signature, ...] = ()
    exceptions: tuple[ReportException, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    audit_head: str = ""
    audit_sequence: int = 0
    check_url: str = ""
    snapshot_sha256: str = ""
    generator: str = "Laudo"
    settings: PdfSettings = DEFAULTS
    photo_notes: tuple[PhotoNote, ...] = ()
    photo_trust: tuple[PhotoTrust, ...] = ()
    gazetteer: str = ""
    imported: tuple[ImportedWork, ...] = ()
    seal_fingerprint: str = ""
    reviews: tuple[ReviewStep, ...] = ()
    witnesses: tuple[WitnessLink, ...] = ()

    @property
    def full_number(self) -> str:
        """The number with its revision: 'LD-0042-R1'."""
        return f"{self.report.number}-R{self.report.revision}"

    @property
    def check_address(self) -> str:
        """The public address without its scheme, as people type it."""
        return self.check_url.partition("://")[2]

    def questions(self) -> tuple[Question, ...]:
        """Info fields first, then every section's questions, in print order."""
        return self.info + tuple(q for section in self.sections for q in section.questions)

    def photos(self) -> tuple[Photo, ...]:
        """Every placed photo in print order."""
        return tuple(photo for question in self.questions() for photo in question.photos)

    def exceptions_of(self, *kinds: str) -> tuple[ReportException, ...]:
        """The exceptions of these kinds, in order."""
        return tuple(one for one in self.exceptions if one.kind in kinds)

    def typed_of(self, fact: str) -> str:
        """The answers that differ from the report's own value, empty if none does."""
        found = [one.differs for one in self.questions() if one.differs]
        return "; ".join(dict.fromkeys(one.typed for one in found if one.fact == fact))

    def file_keys(self) -> frozenset[str]:
        """Every key that the PDF needs a file for: photos, logos, signatures, thumbnails."""
        keys = {photo.key for photo in self.photos()}
        keys.update(self.report.correction.thumbnails() if self.report.correction else ())
        keys.update(signature.image_key for signature in self.signatures if signature.image_key)
        logos = (self.branding.logo_key, self.branding.second_logo_key)
        return frozenset(keys.union(key for key in logos if key))

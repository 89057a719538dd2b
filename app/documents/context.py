"""Builds the PDF's plain data from the loaded rows of a report, without any query.

app.definition assesses the report, this module arranges numbers, order and words, and app.pdf does
the layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from app.contact import contact_of
from app.definition.fields import readings
from app.definition.fields.kind import ONLY
from app.definition.judging import NOTHING, PhotoState
from app.definition.measured import shown
from app.definition.missing import MissingKind
from app.definition.outcome import ExceptionItem, ExceptionKind, Outcome
from app.definition.schema import Definition, Field
from app.distances import distance_words
from app.documents.changes import changes_of
from app.documents.loading import ReportSubject, Source, name_of, subject_of
from app.documents.numbering import numbers_of
from app.documents.pictures import PhotoPrinter, Prints
from app.documents.questions import limits_of, question_of
from app.documents.reviews import review_steps, witness_links, witness_words
from app.documents.rules import rules_of
from app.documents.words import note_line, note_words, quarantine_words, words_of
from app.imaging.notes import Note
from app.pdf import context as pdf
from app.pdf.contact import contact_lines
from app.pdf.handling import ImportedWork
from app.pdf.labels import Labels
from app.pdf.text import format_limits
from app.photos.notes import notes_of
from app.photos.strip import StripFrame
from app.reports.completing.snapshot import app_version
from app.reports.facts import PlacedPhoto
from app.storage import storage

# A preview shows its result even if these are missing, because no answer depends on them.
FORMALITIES = {
    MissingKind.SIGNATURE,
    MissingKind.SIGNATURE_VOID,
    MissingKind.READING,
    MissingKind.PHOTO_FAILED,
}


def build_context(
    source: Source, prints: Prints, frame: StripFrame, seal_fingerprint: str = ""
) -> pdf.ReportContext:
    """The whole PDF as data; `prints` must have a print of every good photo."""
    return Builder(source, prints, frame, seal_fingerprint).build()


class Builder:
    """Holds what all parts share: the definition, its languages, the numbers of its fields."""

    def __init__(
        self, source: Source, prints: Prints, frame: StripFrame, seal_fingerprint: str
    ) -> None:
        self.source = source
        self.facts = source.facts
        self.definition: Definition = source.facts.definition
        self.assessment = source.facts.assess()
        self.languages = self.definition.languages
        self.labels = Labels(tuple(language.value for language in self.languages))
        self.printer = PhotoPrinter(prints, frame, self.labels, source)
        self.subject: ReportSubject = subject_of(source)
        # Of the whole form, so that a question has the same number in every report.
        self.whole = source.report.version.definition
        self.numbers = numbers_of(self.whole)
        self.places = {section.id: at for at, section in enumerate(self.whole.sections, start=1)}
        self.own = source.own
        self.seal_fingerprint = seal_fingerprint

    def build(self) -> pdf.ReportContext:
        source, document = self.source, self.source.document
        # First, because exceptions name photos by the numbers that they get here.
        info = tuple(self._question(field) for field in self.definition.info_fields)
        sections = tuple(self._sections())
        for field in self.definition.all_fields():
            self.printer.number_quarantined(self.facts.photos_of(field.id), self.numbers[field.id])
        snapshot = source.snapshot
        return pdf.ReportContext(
            branding=self._branding(),
            project=self._project(),
            report=self._report(),
            checklist=self._checklist(),
            languages=self.labels.languages,
            time_zone=source.tenant.time_zone,
            result=self._result(),
            sections=sections,
            rendered_at=document.created_at,
            photo_totals=self._photo_totals(),
            equipment=self._equipment(),
            info=info,
            signatures=tuple(self._signatures()),
            exceptions=tuple(self._exceptions()),
            not_applicable=tuple(self._not_applicable()),
            audit_head=snapshot.audit_hash if snapshot else "",
            audit_sequence=snapshot.audit_sequence if snapshot else 0,
            check_url=source.check_url,
            snapshot_sha256=snapshot.sha256 if snapshot else "",
            generator=f"Laudo {app_version()}",
            settings=source.settings,
            photo_notes=self.printer.notes,
            photo_trust=self.printer.trust,
            gazetteer=self._gazetteer(),
            imported=tuple(self._imported()),
            seal_fingerprint=self.seal_fingerprint,
            reviews=review_steps(source.frozen),
            witnesses=witness_links(source.frozen),
        )

    def _imported(self) -> Iterator[ImportedWork]:
        for one in self.source.imported:
            yield ImportedWork(one.person, one.importer, one.count, one.last_at)

    def _gazetteer(self) -> str:
        """The source and version of the nearest places that are printed."""
        named = (one.nearest for one in self.facts.photos if one.state is PhotoState.GOOD)
        return next((near.source for near in named if near), "")

    def _branding(self) -> pdf.Branding:
        tenant = self.source.tenant
        logo, second = (
            key if key and storage().exists(key) else None
            for key in (tenant.logo_key, tenant.second_logo_key)
        )
        return pdf.Branding(
            name=tenant.name,
            logo_key=logo,
            second_logo_key=second,
            accent=tenant.colour_accent,
            second=tenant.colour_second,
            third=tenant.colour_third,
            contact=(
                *contact_lines(contact_of(tenant.contact_parts), self.labels),
                *pdf.Branding.contact_of(tenant.contact, tenant.name),
            ),
        )

    def _project(self) -> pdf.Project:
        one, site = self.subject, self.facts.surroundings.site
        where, radius = "", ""
        if site is not None:
            where = f"{site.latitude:.6f}, {site.longitude:.6f}".replace("-", "\u2212")
            radius = distance_words(site.radius_m, self.labels.languages[0])
        return pdf.Project(
            name=one.project,
            client=one.client,
            address=one.address,
            coordinates=where,
            radius=radius,
            client_contact=contact_lines(one.client_contact, self.labels),
        )

    def _equipment(self) -> pdf.Equipment | None:
        tag = self.subject.tag
        return pdf.Equipment(tag, self.subject.equipment) if tag else None

    def _report(self) -> pdf.Report:
        report = self.source.report
        return pdf.Report(
            number=report.number,
            revision=report.revision,
            title=report.title,
            status=report.status.value,
            is_preview=self.source.is_preview,
            created_at=report.created_at,
            started_at=report.started_at,
            submitted_at=report.submitted_at,
            completed_at=report.completed_at,
            people=tuple(self._people()),
            correction=self._correction(),
        )

    def _correction(self) -> pdf.Correction | None:
        changes = self.source.changes
        if changes is None:
            return None
        old_numbers = numbers_of(changes.older.version.definition)
        told = changes_of(changes, self.numbers, old_numbers, self.languages)
        return pdf.Correction(changes.older.full_number, changes.reason, told)

    def _people(self) -> Iterator[pdf.ReportPerson]:
        """The people of the report; the cover shows the first two."""
        report = self.source.report
        people = [
            (pdf.PersonRole.STARTED, "started_by", report.started_by),
            (pdf.PersonRole.ASSIGNED, "assignee", report.assignee_id),
        ]
        if report.completed_by:
            people.insert(1, (pdf.PersonRole.COMPLETED, "completed_by", report.completed_by))
        for role, part, account_id in people:
            yield pdf.ReportPerson(role, name_of(self.source, part, account_id))

    def _checklist(self) -> pdf.Checklist:
        header = self.definition.header
        return pdf.Checklist(
            code=header.code,
            version=self.source.report.version.number,
            title=words_of(header.title, self.languages),
            category=header.category,
            reference_standards=header.reference_standards,
            planning_requirements=header.planning_requirements,
        )

    def _sections(self) -> Iterator[pdf.Section]:
        for section in self.definition.sections:
            yield pdf.Section(
                id=section.id,
                number=str(self.places[section.id]),
                title=words_of(section.title, self.languages),
                questions=tuple(self._question(field) for field in section.fields),
            )

    def _question(self, field: Field) -> pdf.Question:
        return question_of(
            self.assessment.fields[field.id],
            self.numbers[field.id],
            self.languages,
            self.printer.photos(self.facts.photos_of(field.id), self.numbers[field.id]),
            self.own.get(field.id),
            tuple(rules_of(self.assessment.fields[field.id], self.whole)),
        )

    def _result(self) -> pdf.Result:
        found = self.assessment.result
        return pdf.Result(
            outcome=self._outcome(),
            questions=found.fields,
            ok=found.ok,
            not_ok=found.not_ok,
            not_applicable=found.na,
            out_of_limits=found.out_of_limits,
            unanswered=found.fields - found.answered,
        )

    def _outcome(self) -> Outcome | None:
        """The frozen outcome; in a preview None while an answer or a photo is missing."""
        frozen = self.source.report.outcome
        if not self.source.is_preview and frozen:
            return frozen
        if any(item.kind not in FORMALITIES for item in self.assessment.missing):
            return None
        return self.assessment.result.outcome

    def _photo_totals(self) -> pdf.PhotoTotals:
        states = [one.state for one in self.facts.photos]
        return pdf.PhotoTotals(
            good=states.count(PhotoState.GOOD),
            quarantined=tuple(
                self._quarantined(one)
                for field in self.definition.all_fields()
                for one in self.facts.photos_of(field.id)
                if one.state is PhotoState.QUARANTINED
            ),
            unread=states.count(PhotoState.READING) + states.count(PhotoState.FAILED),
        )

    def _quarantined(self, one: PlacedPhoto) -> pdf.QuarantinedPhoto:
        field = self._field(one.placement.field_id)
        code = one.reading.reason if one.reading else None
        return pdf.QuarantinedPhoto(
            number=self.printer.number_of(one),
            label=words_of(field.label, self.languages),
            sha256=one.photo.sha256,
            reason=quarantine_words(code, self.languages[0]),
            technician_reason=one.placement.quarantine_reason,
            notes=tuple(note_line(note, self.labels.languages) for note in notes_of(one.reading)),
        )

    def _signatures(self) -> Iterator[pdf.Signature]:
        for role in self.definition.signature_roles:
            signature = self.facts.signatures.get(role.id)
            label = words_of(role.label, self.languages)
            if signature is None:
                yield pdf.Signature(label)
                continue
            yield pdf.Signature(
                role=label,
                signer=signature.signer_name,
                signed_at=signature.created_at,
                image_key=signature.image_key,
                content_sha256=signature.content_hash,
                is_void=signature.content_hash != self.source.content_hash,
                witness=witness_words(self.source.frozen, role.id),
            )

    def _exceptions(self) -> Iterator[pdf.ReportException]:
        # Each damaged or quarantined photo is an exception; those of a field come in the order of
        # its photos.
        told = Counter[tuple[str, ExceptionKind]]()
        for item in self.assessment.exceptions:
            field, kind = self._field(item.field_id), pdf.ExceptionKind(item.kind.value)
            label = words_of(field.label, self.languages)
            place = told[item.field_id, item.kind]
            told[item.field_id, item.kind] += 1
            if item.kind is ExceptionKind.DAMAGED_PHOTO:
                detail = self._damage(field, place)
            elif item.kind is ExceptionKind.QUARANTINED_PHOTO:
                photos = self._photos_in(field, PhotoState.QUARANTINED)
                detail = self.printer.named(item.reason or "", photos[place])
            else:
                detail = self._detail(field, item)
            yield pdf.ReportException(kind, field.id, self.numbers[field.id], label, detail)

    def _damage(self, field: Field, place: int) -> str:
        found = [one for one in self._photos_in(field, PhotoState.GOOD) if one.is_damaged]
        words = note_words(Note.DAMAGED, self.labels.languages).first
        return self.printer.named(words, found[place])

    def _photos_in(self, field: Field, state: PhotoState) -> list[PlacedPhoto]:
        return [one for one in self.facts.photos_of(field.id) if one.state is state]

    def _detail(self, field: Field, item: ExceptionItem) -> str:
        if item.photos:
            return self.printer.doubt(item.kind, [self.facts.photos[at] for at in item.photos])
        if item.kind is not ExceptionKind.OUT_OF_LIMITS:
            return item.reason or ""
        value = self.facts.answers.get(field.id, NOTHING).value
        reading = dict(readings(field, value)).get(item.cell or ONLY)
        limits = format_limits(limits_of(field), self.labels)
        parts = (self._reading(field, reading), self._cell(field, item.cell), limits)
        return " · ".join(part for part in (*parts, item.reason) if part)

    def _reading(self, field: Field, reading: Mapping[str, str] | None) -> str:
        """The judged number with its unit, and the typed text if it may be read differently."""
        if reading is None:
            return ""
        seen = shown(reading, field.unit, self.languages[0])
        typed = f"({self.labels.first('typed', text=seen.typed)})" if seen.typed else None
        return " ".join(filter(None, (seen.text, field.unit, typed)))

    def _cell(self, field: Field, cell: str | None) -> str:
        for key, row, column in field.cells():
            if key == cell:
                both = (row.label, column.label)
                return ", ".join(label.first(self.languages) for label in both)
        return ""

    def _not_applicable(self) -> Iterator[pdf.NotApplicable]:
        for item in self.assessment.na:
            field = self._field(item.field_id)
            label = words_of(field.label, self.languages)
            yield pdf.NotApplicable(field.id, self.numbers[field.id], label, item.reason or "")

    def _field(self, field_id: str) -> Field:
        field = self.definition.field(field_id)
        assert field is not None, "answers and photos belong to fields of their own definition"
        return field

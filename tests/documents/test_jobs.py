"""The making of PDFs: their content, their sources, and when they are not published."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.branding.service import change_pdf, change_watermark
from app.checklists.service import choose_layout
from app.definition.assessment import AssessedField
from app.definition.judging import AnswerFacts
from app.definition.schema import Language
from app.documents import making
from app.documents.loading import load_source
from app.documents.numbering import numbers_of
from app.documents.pictures import plan_prints
from app.documents.questions import question_of
from app.extensions import db
from app.imaging.settings import StripPosition, WatermarkSettings
from app.jobs import runner
from app.layouts import Layout
from app.models import (
    Checklist,
    Derivative,
    DerivativeKind,
    Document,
    PhotoPlacement,
    PhotoReading,
    PhotoVerdict,
    Project,
    Report,
    Snapshot,
    Tenant,
    WorkState,
)
from app.pdf.engine import render_pdf
from app.pdf.limits import TooLarge
from app.pdf.proof import drawn_images
from app.pdf.settings import PdfSettings
from app.photos.strip import frame_of
from app.reports.queries import get_report
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg, a_png, a_truncated_jpeg
from tests.support.scenarios import (
    a_definition,
    a_photo,
    an_answer,
)
from tests.support.stored import storage


@pytest.fixture
def desk(app, acting, cast) -> Desk:
    return Desk(app, acting, cast)


def test_a_preview_holds_every_good_photo_and_names_the_quarantined(desk):
    desk.answer()
    picture = a_jpeg()
    desk.photograph(picture, a_jpeg(), a_truncated_jpeg())
    # The same file at another question is the same photo, printed again there.
    desk.photograph(picture, field_id="cable_entry")
    desk.read_photos()
    document = desk.make()
    assert (document.state, document.error) == (WorkState.DONE, None)
    assert document.is_preview
    assert (document.photos_printed, document.photos_quarantined) == (3, 1)
    assert document.progress_stage == "writing"
    text = desk.text(document)
    assert "PREVIEW" in text.upper()
    assert "3 of 3 photos printed" in text
    assert "is incomplete" in text
    assert "repeated image" in text
    with desk.acting(desk.tess):
        path = storage().local_path(document.storage_key or "", Path("/nowhere"))
        assert path.stat().st_size == document.byte_size
        prints = db.session.scalars(
            select(Derivative.sha256).where(Derivative.kind == DerivativeKind.PRINT)
        )
        assert set(prints) <= drawn_images(path).keys()


def test_quarantined_photos_are_numbered_after_the_printed_ones_of_their_question(desk):
    desk.answer()
    desk.photograph(a_truncated_jpeg(), a_jpeg(), a_truncated_jpeg())
    desk.read_photos()
    text = desk.text(desk.make())
    listed = text[text.index("Exceptions Exceções") :]
    # In the exceptions, in the list of what cannot be shown, and with what speaks for the photos.
    assert [listed.count(f"1.1-{number}") for number in (2, 3, 4)] == [3, 3, 0]
    assert "Photo 1.1-1" in listed


def test_a_damaged_photo_is_printed_with_its_mark_and_is_an_exception(desk):
    desk.answer()
    whole = a_jpeg((640, 480))
    half = len(whole) // 2
    desk.photograph(whole[:half] + bytes(4096) + whole[half + 4096 :], a_jpeg())
    desk.read_photos()
    with desk.acting(desk.tess):
        readings = [row.notes for row in db.session.scalars(select(PhotoReading))]
        assert sum("damaged" in notes for notes in readings) == 1
        verdicts = {row.verdict for row in db.session.scalars(select(PhotoReading))}
        assert verdicts == {PhotoVerdict.GOOD}
    document = desk.make()
    assert document.photos_printed == 2
    text = desk.text(document)
    assert "Photo 1.1-1 damaged" in text and "Photo 1.1-2 damaged" not in text
    assert "Damaged photo" in text and "Photo 1.1-1: The file is damaged" in text
    # In the exceptions, at the photo, and in the notes on files.
    assert text.count("The file is damaged internally: parts of the image may be wrong.") == 3


def test_notes_about_a_file_are_printed_at_its_photo_and_on_the_last_page(desk):
    desk.answer()
    desk.photograph(a_jpeg(taken="22/11/2026 14:05:09"), a_jpeg(taken="2026:11:22 24:05:09"))
    desk.photograph(a_jpeg(taken="2026:11:22 14:05:09", offset="noon", place=(0.0, 0.0)))
    desk.photograph(a_png())
    desk.read_photos()
    document = desk.make()
    text = desk.text(document)
    body, _, notes = text.partition("Notes on the photo files")
    assert "The time in the file could not be read. “22/11/2026 14:05:09”" in body
    _code, _first, second, *_more = desk.alternatives(document)
    assert "2026-11-23 00:05:09" in second and "hour 24" in body
    assert "The time zone in the file could not be read." in body
    assert "The position in the file could not be read." in body
    # Nothing was lost where there was nothing: the last page says so for all together.
    assert "contains no camera data" not in body and "contains no position" not in body
    assert "The file contains no camera data (EXIF): no time and no position." in notes
    assert notes.count("Photo 1.1-4") == 1
    assert "não contém posição. Photo 1.1-1; Photo 1.1-2 " in notes
    assert "não pôde ser lido. Photo 1.1-1: “22/11/2026 14:05:09” " in notes
    assert "não pôde ser lido. Photo 1.1-3: “noon” " in notes


def test_why_a_photo_has_no_position_is_printed_at_it(desk):
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg(place=(-23.55, -46.63)))
    desk.read_photos()
    with desk.acting(desk.tess):
        for place in db.session.scalars(select(PhotoPlacement)):
            place.position_reason = f"Cellar {place.position}, 12 m below ground"
        db.session.commit()
    text = desk.text(desk.make())
    assert "No position recorded Reason: Cellar 0, 12 m below ground" in text
    assert "Cellar 1" not in text, "it has one"


def test_answers_print_as_they_were_typed_with_units_limits_and_words(desk):
    desk.answer(
        insulation={"text": ">200", "decimal": "200"},
        contact_resistance={
            "a:before": {"text": "0,08", "decimal": "0.08"},
            "b:after": {"text": "0,61", "decimal": "0.61"},
        },
    )
    text = desk.text(desk.make())
    for words in (
        "Hospital São Lucas",
        "31 Mar 2026",
        "Bottom",
        "Luminária",
        ">200",
        "MΩ",
        "0,61",
        "Out of limits",
        "Phase B, After",
        "14:05",
        "Nada a declarar.",
        "Data Center SP4",
        "IEC 60947-6-1",
    ):
        assert words in text, words


def test_a_unit_that_was_typed_prints_once(desk):
    desk.answer(
        insulation={"text": "90 MΩ", "decimal": "90"},
        contact_resistance={"b:after": {"text": "0,61 mΩ", "decimal": "0.61"}},
    )
    text = desk.text(desk.make())
    assert "90 MΩ" in text and "0,61 mΩ" in text
    assert "MΩ MΩ" not in text and "mΩ mΩ" not in text


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ({"text": "1,250", "decimal": "1.25"}, "1.25 MΩ (typed as 1,250)"),
        ({"text": "1,250", "decimal": "1250"}, "1250 MΩ (typed as 1,250)"),
        ({"text": "1,250", "decimal": "1.25", "doubt": "1250"}, "1.25 MΩ (typed as 1,250)"),
        ({"text": "980 kΩ", "decimal": "0.98"}, "0.98 MΩ (typed as 980 kΩ)"),
        ({"text": ">1,250 k", "decimal": "1.25"}, ">1.25 MΩ (typed as >1,250 k)"),
        ({"text": "1.250", "decimal": "1.25"}, "1.250 MΩ"),
        ({"text": "0,250", "decimal": "0.25"}, "0,250 MΩ"),
    ],
)
def test_the_number_that_was_judged_prints_with_what_was_typed_where_they_differ(
    desk, stored, printed
):
    desk.answer(insulation=stored, contact_resistance={"b:after": stored})
    text = desk.text(desk.make()).replace("\u202f", " ")
    # Readings out of limits are listed in front: under 100 MΩ, over 0.5 mΩ in a table cell.
    fronts = (stored["decimal"] != "1250", stored["decimal"] != "0.25")
    assert text.count(printed) == 1 + fronts[0]
    number, _, typed = printed.replace(" MΩ", " mΩ", 1).partition(" (")
    assert text.count(number) == 1 + fronts[1]
    assert text.count("typed") == (2 + sum(fronts) if typed else 0)
    assert not typed or text.count(f"({typed}") == 2 + sum(fronts)


def test_the_pdf_follows_the_language_that_leads_in_it():
    definition = a_definition()
    reading = {"text": "1.250", "decimal": "1.25"}
    for languages, shown in (
        ((Language.PT, Language.EN), ("1,25", "1.250")),
        ((Language.EN, Language.PT), ("1.250", None)),
    ):
        field = definition.field("insulation")
        question = question_of(AssessedField(field, AnswerFacts(reading)), "1.1", languages, ())
        assert (question.measurement.text, question.measurement.typed) == shown


def test_not_applicable_and_not_ok_stand_in_front(desk, acting, cast):
    with acting(cast.tess) as actor:
        report = get_report(desk.report_id, person=actor)
        an_answer(report, "enclosure", "not_ok", actor, comment="Hinge broken")
        an_answer(report, "insulation", None, actor, na_reason="No megger on site")
    text = desk.text(desk.make())
    assert text.index("Hinge broken") < text.index("Doors, glands and paint")
    assert text.count("No megger on site") == 2
    assert "Failed" not in text.split("Contents")[0]


def test_a_finished_report_prints_its_frozen_names_and_hash(desk, acting, cast):
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    with acting(cast.tess):
        frozen = db.session.scalars(select(Snapshot.sha256)).one()
        db.session.execute(update(Project).values(name="Renamed later", address="Elsewhere"))
        db.session.commit()
        prints = db.session.scalar(select(func.count()).select_from(Derivative))
    document = desk.make()
    assert (document.state, document.is_preview) == (WorkState.DONE, False)
    text = desk.text(document)
    assert "Data Center SP4" in text
    assert "Renamed later" not in text
    assert frozen in text.replace(" ", "")
    assert "Tess Technician" in text
    assert "Passed" in text
    with acting(cast.tess):
        # A finished report keeps its prints.
        assert db.session.scalar(select(func.count()).select_from(Derivative)) == prints


def test_asked_for_at_the_submit_and_made_again_it_is_the_same_file(desk, monkeypatch):
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    document_id, publish, made = desk.ask(), making._publish, []
    attach = making.attach_evidence

    def attached(*given):
        made.append(attach(*given))
        return made[-1]

    def lost(*given):
        raise runner.FenceLost

    monkeypatch.setattr(making, "attach_evidence", attached)
    monkeypatch.setattr(making, "_publish", lost)
    desk.run("document", document_id)
    monkeypatch.setattr(making, "_publish", publish)
    with desk.acting(desk.tess):
        db.session.execute(
            update(Document)
            .where(Document.id == document_id)
            .values(state=WorkState.QUEUED, lease_until=None)
        )
        db.session.commit()
    desk.run("document", document_id)
    before, again = made
    assert before.sha256 == again.sha256 != desk.document(document_id).sha256


@pytest.mark.parametrize("loss", ["row", "bytes"])
def test_missing_prints_are_made_first(desk, acting, cast, loss):
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg())
    desk.read_photos()
    with acting(cast.tess):
        for row in db.session.scalars(select(Derivative)):
            if loss == "bytes" and row.kind is DerivativeKind.PRINT:
                storage().delete(row.storage_key)
        if loss == "row":
            # A changed place in the strip requires new prints.
            db.session.execute(update(Project).values(address="Al. Rio Negro 500"))
            db.session.commit()
    document = desk.make()
    assert (document.state, document.photos_printed) == (WorkState.DONE, 2)
    with acting(cast.tess):
        kept = db.session.scalar(
            select(func.count())
            .select_from(Derivative)
            .where(Derivative.kind == DerivativeKind.PRINT)
        )
        assert kept == (4 if loss == "row" else 2)


def prints_in(desk, document) -> set[str]:
    """The hashes of the prints in a PDF."""
    with desk.acting(desk.tess):
        path = storage().local_path(document.storage_key or "", Path("/nowhere"))
        known = set(db.session.scalars(select(Derivative.sha256)))
        return known & drawn_images(path).keys()


def choose(desk, cast, strip: WatermarkSettings) -> None:
    with desk.acting(cast.ana) as actor:
        change_watermark(strip, actor=actor)
        db.session.commit()


def test_a_changed_strip_draws_anew_until_the_report_is_completed(desk, cast):
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    as_read = prints_in(desk, desk.make())
    choose(desk, cast, WatermarkSettings(place=False))
    changed = prints_in(desk, desk.make())
    assert changed and not changed & as_read
    desk.submit()
    # From now on the snapshot names the print, and the PDF uses it.
    choose(desk, cast, WatermarkSettings(position=StripPosition.ON, opacity=60))
    final = desk.make()
    printed = prints_in(desk, final)
    assert printed == changed
    choose(desk, cast, WatermarkSettings(logo=False, report=False))
    again = desk.make()
    assert again.id != final.id
    assert prints_in(desk, again) == printed
    assert desk.document(final.id).sha256 == final.sha256


def test_a_finished_report_draws_a_lost_print_as_it_was_or_not_at_all(desk, cast):
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    printed = prints_in(desk, desk.make())
    assert lose_prints(desk) == 1
    assert prints_in(desk, desk.make()) == printed
    choose(desk, cast, WatermarkSettings(logo=False, report=False))
    assert lose_prints(desk) == 1
    failed = desk.make()
    assert (failed.state, failed.error) == (WorkState.FAILED, making.BYTES_MISSING)


def lose_prints(desk) -> int:
    with desk.acting(desk.tess):
        rows = list(
            db.session.scalars(select(Derivative).where(Derivative.kind == DerivativeKind.PRINT))
        )
        for row in rows:
            storage().delete(row.storage_key)
    return len(rows)


def test_a_finished_report_prints_what_its_snapshot_names(desk, tmp_path):
    """Rows are ignored: here the snapshot names another photo's print."""
    desk.answer()
    desk.photograph(a_jpeg((64, 48)), a_jpeg((96, 48)))
    desk.read_photos()
    desk.submit()
    document_id = desk.ask()
    with desk.acting(desk.tess):
        source = load_source(document_id)
        frozen = copy.deepcopy(source.frozen)
        one, other = frozen["photos"]
        one["pictures"] = other["pictures"]
        (named,) = (p["sha256"] for p in other["pictures"] if p["kind"] == "print")
        prints = plan_prints(
            source.facts.photos,
            frame_of(source.report, source.facts.surroundings),
            None,
            tmp_path,
            is_finished=True,
            frozen=frozen,
        )
        assert {one.sha256 for one in prints.by_photo.values()} == {named}
        assert not prints.missing


def test_what_the_company_chose_stands_in_its_pdfs(desk, cast):
    desk.answer()
    chosen = PdfSettings(footer="CREA 5061234567", cover_note="For the owner only.")
    with desk.acting(cast.ana) as actor:
        change_pdf(chosen, actor=actor)
        db.session.commit()
    text = desk.text(desk.make())
    assert "CREA 5061234567" in text
    assert text.index("For the owner only.") < text.index("Contents")


def company_takes(desk, cast, layout: Layout) -> None:
    with desk.acting(cast.ana) as actor:
        change_pdf(PdfSettings(layout=layout), actor=actor)
        db.session.commit()


def test_a_preview_has_the_layout_of_the_company_unless_its_checklist_has_one(desk, cast):
    assert desk.make().layout is Layout.CLASSIC
    company_takes(desk, cast, Layout.COMPACT)
    assert desk.make().layout is Layout.COMPACT
    with desk.acting(cast.max) as actor:
        own = db.session.scalars(select(Checklist.id)).one()
        choose_layout(checklist_id=own, layout=Layout.PROTOCOL, actor=actor)
        db.session.commit()
    assert desk.make().layout is Layout.PROTOCOL


def test_a_completed_report_keeps_its_layout(desk, cast):
    company_takes(desk, cast, Layout.EXECUTIVE)
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.submit()
    first = desk.make()
    assert (first.is_preview, first.layout) == (False, Layout.EXECUTIVE)
    company_takes(desk, cast, Layout.COMPACT)
    with desk.acting(cast.max) as actor:
        own = db.session.scalars(select(Checklist.id)).one()
        choose_layout(checklist_id=own, layout=Layout.PROTOCOL, actor=actor)
        frozen = json.loads(db.session.scalars(select(Snapshot.body)).one())
        assert frozen["layout"] == "executive"
        source = load_source(first.id)
        assert source.settings.layout is Layout.EXECUTIVE
        # Reports that were frozen before there were layouts, or by a later release.
        for body, layout in (({}, Layout.CLASSIC), ({"layout": "poster"}, Layout.CLASSIC)):
            assert replace(source, frozen=body).settings.layout is layout


def test_settings_that_no_longer_fit_fail_no_pdf(desk, cast):
    desk.answer()
    with desk.acting(cast.ana):
        stored = {"page_format": "b5", "footer": 7}
        tenant = db.session.scalars(select(Tenant)).one()
        tenant.pdf, tenant.watermark = stored, {"theme": "pink", "opacity": -1}
        db.session.commit()
    assert desk.make().state is WorkState.DONE


def test_photos_still_being_read_are_counted_not_printed(desk):
    desk.answer()
    desk.photograph(a_jpeg())
    desk.read_photos()
    desk.photograph(a_jpeg())
    document = desk.make()
    assert document.photos_printed == 1
    assert "1 not read yet" in desk.text(document)


def test_a_lost_fence_publishes_nothing(desk, monkeypatch):
    document_id = desk.ask()
    render = making._render

    def overtaken(*args):
        made = render(*args)
        db.session.execute(update(Document).values(fence=Document.fence + 1))
        db.session.commit()
        return made

    monkeypatch.setattr(making, "_render", overtaken)
    desk.run("document", document_id)
    document = desk.document(document_id)
    assert document.state is WorkState.RUNNING
    assert document.storage_key is document.sha256 is document.pages is None


def test_too_large_fails_at_once_with_words(desk, monkeypatch):
    def refuse(*args, **kwargs):
        raise TooLarge("too many photos")

    monkeypatch.setattr(making, "render_pdf", refuse)
    document = desk.make()
    assert (document.state, document.error, document.attempts) == (
        WorkState.FAILED,
        "too_large",
        1,
    )


def test_a_photo_whose_bytes_are_gone_fails_with_words(desk, acting, cast):
    with acting(cast.tess) as actor:
        report = get_report(desk.report_id, person=actor)
        a_photo(report, "enclosure", actor, verdict=PhotoVerdict.GOOD)
    document = desk.make()
    assert (document.state, document.error) == (WorkState.FAILED, "bytes_missing")


def test_other_failures_are_tried_again(desk, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    document_id = desk.ask()
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(making, "render_pdf", fail)
        desk.run("document", document_id)
    assert desk.document(document_id).state is WorkState.QUEUED
    with desk.acting(desk.tess):
        db.session.execute(update(Document).values(lease_until=None))
        db.session.commit()
    desk.run("document", document_id)
    document = desk.document(document_id)
    assert (document.state, document.attempts, document.error) == (WorkState.DONE, 2, None)


def test_a_file_that_lacks_a_photo_is_never_published(desk, monkeypatch):
    desk.photograph(a_jpeg())
    desk.read_photos()

    def forgetful(*arguments, **options):
        return replace(render_pdf(*arguments, **options), drawn=Counter())

    monkeypatch.setattr(making, "render_pdf", forgetful)
    document_id = desk.ask()
    with pytest.raises(making.PhotosNotPrinted):
        desk.run("document", document_id)
    assert desk.document(document_id).storage_key is None


def test_hostile_words_reach_neither_files_nor_network(desk, acting, cast):
    bait = '<img src="file:///etc/passwd"><link rel=attachment href="file:///etc/passwd">'
    with acting(cast.tess) as actor:
        report = get_report(desk.report_id, person=actor)
        db.session.execute(update(Report).values(title=bait[:190]))
        an_answer(report, "remarks", bait, actor, comment=bait)
        db.session.commit()
    document = desk.make()
    assert document.state is WorkState.DONE
    assert "file:///etc/passwd" in desk.text(document)
    with desk.acting(desk.tess):
        data = storage().open(document.storage_key or "").read()
    assert b"EmbeddedFile" not in data
    assert b"root:x" not in data


def test_numbers_count_questions_and_leave_notes_out():
    numbers = numbers_of(a_definition())
    assert (numbers["customer"], numbers["enclosure"], numbers["insulation"]) == (
        "0.1",
        "1.1",
        "2.1",
    )
    assert numbers["advice"] == numbers["accessories"] == "1.3"

"""The content of the printed report: text, order, numbers, links, marks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from app.pdf.context import (
    Branding,
    Checklist,
    ExceptionKind,
    NotApplicable,
    PhotoTotals,
    PrintedText,
    Question,
    ReportException,
    Section,
    Signature,
)
from app.pdf.engine import Stage, render_pdf, warm_up
from tests.pdf import samples
from tests.pdf.conftest import Printed
from tests.pdf.reading import bookmarks, page_texts, squeezed, text_of

# They share renders of the samples.
pytestmark = pytest.mark.xdist_group("samples")

Printing = Callable[[str], Printed]


def test_a_bilingual_report_shows_every_question_in_both_languages(printing: Printing) -> None:
    big = printing("big")
    text = squeezed(text_of(big.path))
    questions = big.sample.context.questions()
    assert len([q for q in questions if not q.is_note]) == 47
    for question in questions:
        assert squeezed(question.label.first) in text
        assert squeezed(question.label.second or "") in text


def test_the_cover_names_report_project_client_and_result(printing: Printing) -> None:
    cover = page_texts(printing("big").path)[0]
    for words in (
        "LD-0042-R1",
        "Equipment Energized Report",
        "Relatório de Equipamento Energizado",
        "Data Center Tamboré SP4",
        "Nuvem Sul S.A.",
        "QGBT-2A",
        "Passed with remarks",
        "Aprovado com ressalvas",
        "14 Mar 2026, 09:41 (UTC−03:00)",
        "Joana Magalhães",
    ):
        assert words in cover
    assert "Page" not in cover


def test_every_other_page_says_number_and_page_x_of_y(printing: Printing) -> None:
    pages = page_texts(printing("big").path)
    assert printing("big").rendered.pages == len(pages)
    for place, text in enumerate(pages[1:], start=2):
        assert f"Page {place} of {len(pages)}" in text
        assert "LD-0042-R1" in text


def test_exceptions_come_before_the_sections_and_link_to_their_questions(
    printing: Printing,
) -> None:
    big = printing("big")
    titles = bookmarks(big.path)
    assert titles[:3] == [
        "Contents Sumário",
        "Report details Dados do relatório",
        "Exceptions Exceções",
    ]
    assert titles.index("Exceptions Exceções") < titles.index("1 Prerequisites Pré-requisitos")
    with pikepdf.open(big.path) as document:
        names = {
            str(name)
            for name in document.Root.Names.Dests.Names
            if isinstance(name, pikepdf.String)
        }
    assert {f"field-{e.field_id}" for e in big.sample.context.exceptions} <= names


def test_failures_come_before_doubts_about_photos(tmp_path: Path) -> None:
    label = PrintedText("Door")
    exceptions = (
        ReportException(ExceptionKind.CLOCKS_DISAGREE, "first", "1.1", label, "camera 08:02"),
        ReportException(ExceptionKind.QUARANTINED_PHOTO, "first", "1.1", label, "It broke off."),
        ReportException(ExceptionKind.NOT_OK, "first", "1.1", label, "Hinge loose. " * 100),
    )
    render_pdf(samples.bare_context(exceptions=exceptions), {}, tmp_path / "out.pdf")
    text = text_of(tmp_path / "out.pdf").partition("Failed items come first")[2]
    assert text.index("Hinge loose.") < text.index("It broke off.") < text.index("camera 08:02")
    assert text.count("Hinge loose.") < 25, "the whole comment stands at its question"


def test_doubts_alone_are_not_called_failures(tmp_path: Path) -> None:
    doubt = ReportException(
        ExceptionKind.PLACES_DISAGREE, "first", "1.1", PrintedText("Door"), "2 km apart"
    )
    render_pdf(samples.bare_context(exceptions=(doubt,)), {}, tmp_path / "out.pdf")
    text = text_of(tmp_path / "out.pdf")
    assert "Nothing failed" in text
    assert "Positions disagree 1.1 2 km apart" in text


def test_a_conflict_is_printed_at_its_photo_and_not_repeated_in_the_evidence(
    printing: Printing,
) -> None:
    text = text_of(printing("failed").path)
    photos = [photo for photo in printing("failed").sample.context.photos() if photo.conflicts]
    assert text.count("Clocks disagree:") == len(photos) == 2


def test_the_file_is_tagged_and_says_what_it_is(printing: Printing) -> None:
    with pikepdf.open(printing("big").path) as document:
        assert document.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in document.Root
        assert str(document.Root.Lang) == "en"
        assert str(document.docinfo["/Title"]).startswith("LD-0042-R1 ")
        assert document.docinfo["/Author"] == "Voltara Comissionamento"


def test_very_long_reports_have_tags_too(tmp_path: Path) -> None:
    question = Question("q", "1.1", PrintedText("Remarks"), comment="line\n" * 190)
    section = Section("s", "1", PrintedText("Halls"), (question,) * 50)
    rendered = render_pdf(samples.bare_context(sections=(section,)), {}, tmp_path / "out.pdf")
    assert rendered.pages > 150
    with pikepdf.open(tmp_path / "out.pdf") as document:
        tagged = document.Root.StructTreeRoot.ParentTree.Nums
        pages = [list(tagged[place + 1]) for place in range(0, 2 * rendered.pages, 2)]
    assert all(pages), "each page has tagged content"


def test_failed_questions_are_bookmarked_under_their_section(printing: Printing) -> None:
    with pikepdf.open(printing("big").path) as document, document.open_outline() as outline:
        section = next(item for item in outline.root if item.title.startswith("2 Energy"))
        assert [item.title[:5] for item in section.children] == ["2.15 ", "2.16 "]


def test_a_section_is_not_numbered_twice(tmp_path: Path) -> None:
    question = Question("q", "1.1", PrintedText("Closed?"), verdict="ok")
    section = Section("s", "1", PrintedText("1. Doors", "1 - Portas"), (question,))
    render_pdf(samples.bare_context(sections=(section,)), {}, tmp_path / "out.pdf")
    assert "1 Doors Portas" in bookmarks(tmp_path / "out.pdf")


def test_contents_give_the_pages_of_the_sections(printing: Printing) -> None:
    pages = page_texts(printing("big").path)
    contents = next(text for text in pages if "Sumário" in text)
    for section in printing("big").sample.context.sections:
        heading = f"{section.number} {section.title.first} {section.title.second}"
        place = next(
            n for n, text in enumerate(pages, 1) if heading in text and "Sumário" not in text
        )
        asked = len([q for q in section.questions if not q.is_note])
        assert f"{heading} {asked} questions {place}" in contents


def test_not_applicable_is_listed_apart_with_its_reason(printing: Printing) -> None:
    text = text_of(printing("big").path)
    item: NotApplicable
    for item in printing("big").sample.context.not_applicable:
        assert text.count(item.reason[:40]) >= 2


def test_measurements_carry_units_limits_and_marks(printing: Printing) -> None:
    text = text_of(printing("big").path)
    assert "≤ 0.1 Ω" in text
    assert "≥ 1 MΩ" in text
    assert "361 to 418 V" in text
    assert "L2-PE 0.8 MΩ ≥ 1 MΩ ✗ Out of limits" in text.replace("\u202f", " ")


def test_a_note_among_the_information_is_no_open_question(tmp_path: Path) -> None:
    advice = PrintedText("Fill in what the nameplate says.", "Preencha o que a placa diz.")
    note = Question(
        "n", "0.1", advice, is_note=True, hint=PrintedText("Copy every digit.", "Copie tudo.")
    )
    customer = Question("c", "0.1", PrintedText("Customer"), texts=(PrintedText("Lobo"),))
    render_pdf(samples.bare_context(info=(note, customer)), {}, tmp_path / "out.pdf")
    text = text_of(tmp_path / "out.pdf")
    assert "Fill in what the nameplate says. Preencha o que a placa diz." in text
    assert "Copy every digit." in text and "Customer Lobo" in text
    assert text.count("Not answered") == 1, "the count on the cover only"


def test_one_language_prints_no_second_one(printing: Printing) -> None:
    text = text_of(printing("small").path)
    assert "Aprovado" in text
    assert "Página 2 de 3" in text
    assert "≤ 0,1 Ω" in text
    for english in ("Passed", "Contents", "Page", "Evidence", "Not signed"):
        assert english not in text


def test_a_failed_report_says_so_with_counts(printing: Printing) -> None:
    cover = page_texts(printing("failed").path)[0]
    assert "Failed" in cover
    assert "7 OK" in cover
    assert "14 Not OK" in cover


def test_wide_tables_are_split_with_every_cell_printed(printing: Printing) -> None:
    text = text_of(printing("failed").path)
    for rack in range(1, 13):
        assert f"Rack {rack}" in text
    assert text.count("Phase L1") == 2


def test_the_evidence_page_counts_photos_quarantine_and_hashes(printing: Printing) -> None:
    big = printing("big")
    text = text_of(big.path)
    assert "27 of 27 photos printed" in text
    assert "1 in quarantine" in text
    assert "Breaker was racked out before a second picture could be taken." in text
    assert big.sample.context.snapshot_sha256 in text
    assert big.sample.context.audit_head in text
    for photo in big.sample.context.photos():
        assert photo.sha256 in text


def test_a_preview_is_marked_on_every_page_and_a_completed_report_on_none(
    printing: Printing, tmp_path: Path
) -> None:
    context = printing("small").sample.context
    preview = replace(context, report=replace(context.report, is_preview=True))
    render_pdf(preview, {}, tmp_path / "preview.pdf")
    assert all("PRÉVIA" in page for page in page_texts(tmp_path / "preview.pdf"))
    assert not any("PRÉVIA" in page.upper() for page in page_texts(printing("small").path))


def test_void_and_missing_signatures_are_told_apart(tmp_path: Path) -> None:
    stroke = samples.signature(tmp_path, "stroke", 3)
    signed = Signature(
        PrintedText("Engineer"), "Ana Reis", samples.MOMENT, "sign", "ab" * 32, is_void=True
    )
    context = samples.bare_context(signatures=(signed, Signature(PrintedText("Witness"))))
    render_pdf(context, {"sign": stroke}, tmp_path / "out.pdf")
    text = text_of(tmp_path / "out.pdf")
    assert "Ana Reis Engineer 14 Mar 2026, 12:41 (UTC+00:00)" in text
    assert "Void: the content changed after signing" in text
    assert "Not signed Witness" in text


@pytest.mark.parametrize("word", ["X" * 400, "Überlänge " * 50, "a-b_c/" * 80])
def test_long_titles_and_words_stay_on_the_page(word: str, tmp_path: Path) -> None:
    context = samples.bare_context(
        checklist=Checklist("LONG", 1, PrintedText(word, word)),
        sections=(
            Section(
                "s",
                "1",
                PrintedText(word),
                (Question("q", "1.1", PrintedText(word), texts=(PrintedText(word),)),),
            ),
        ),
    )
    context = replace(context, report=replace(context.report, title=word))
    render_pdf(context, {}, tmp_path / "long.pdf")
    assert len(page_texts(tmp_path / "long.pdf")) <= 6
    assert "LD-0007-R0" in page_texts(tmp_path / "long.pdf")[0]
    for left, right, width in _ink(tmp_path / "long.pdf"):
        assert left >= 0
        assert right <= width - 25


def test_progress_is_real(printing: Printing) -> None:
    big = printing("big")
    stages = [step.stage for step in big.progress]
    assert stages == sorted(stages, key=list(Stage).index)
    read = [step for step in big.progress if step.stage is Stage.READING]
    assert (read[-1].done, read[-1].total) == (27, 27)
    assert big.progress[-1].done == big.progress[-1].total == big.rendered.pages


def test_warming_up_prints_and_leaves_collection_on() -> None:
    import gc

    warm_up()
    assert gc.isenabled()
    gc.unfreeze()


def _ink(pdf: Path) -> list[tuple[float, float, float]]:
    """The left and right edges of the text on each page, and the page width, in points."""
    import pypdfium2

    edges = []
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        edges.append((min(b[0] for b in boxes), max(b[2] for b in boxes), page.get_width()))
    document.close()
    return edges


@pytest.mark.parametrize("rows", [4, 8, 9, 15, 16, 17, 31, 35])
def test_no_row_of_a_list_is_alone_on_a_page(tmp_path: Path, rows: int) -> None:
    """Neither at the foot of a page, below its heading, nor at the top of the next page."""
    info = tuple(
        Question(f"info_{n}", f"0.{n}", PrintedText(f"Asked{n:02}."), texts=(PrintedText("x"),))
        for n in range(rows)
    )
    register = tuple(
        ReportException(ExceptionKind.NOT_OK, "first", "1.1", PrintedText("Door"), f"Found{n:02}.")
        for n in range(rows)
    )
    context = samples.bare_context(info=info, exceptions=register)
    render_pdf(context, {}, tmp_path / "out.pdf")
    pages = page_texts(tmp_path / "out.pdf")
    for mark in ("Asked", "Found"):
        counts = [len(re.findall(rf"{mark}\d\d", page)) for page in pages]
        assert sum(counts) == rows
        assert 1 not in counts, f"{mark}: {counts}"
        head = {"Asked": "General information", "Found": "Failed items come first"}[mark]
        first = next(place for place, count in enumerate(counts) if count)
        assert head in pages[first], "the heading stands with its first rows"


@pytest.mark.parametrize(
    ("contact", "lines"),
    [
        ("+55 11 5555 0100\nRua A, 1", ("+55 11 5555 0100", "Rua A, 1")),
        ("Voltara\n+55 11 5555 0100", ("+55 11 5555 0100",)),
        ("VOLTARA · +55 11 5555 0100\n\n", ("+55 11 5555 0100",)),
        ("Voltara, Rua A, 1", ("Rua A, 1",)),
        ("Voltara-Comissionamento Ltda.", ("Voltara-Comissionamento Ltda.",)),
        ("Voltaranet 24 h", ("Voltaranet 24 h",)),
        ("Voltara – Rua A", ("Rua A",)),
        ("ask Voltara", ("ask Voltara",)),
        ("", ()),
    ],
)
def test_the_foot_of_the_cover_names_the_company_once(contact: str, lines: tuple[str, ...]) -> None:
    assert Branding.contact_of(contact, "Voltara") == lines


def test_one_photo_is_not_called_photos(printing: Printing, tmp_path: Path) -> None:
    render_pdf(
        samples.bare_context(languages=("en", "pt"), photo_totals=PhotoTotals(good=1, unread=1)),
        {},
        tmp_path / "out.pdf",
    )
    text = text_of(tmp_path / "out.pdf")
    assert "of 1 photo printed" in text and "de 1 foto impressa" in text
    assert "1 ainda não lida" in text and "lidas" not in text

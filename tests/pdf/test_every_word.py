"""Random reports: every word and photo is in the PDF, and every number and link is right."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.layouts import Layout
from app.pdf.context import (
    ExceptionKind,
    Limits,
    Mark,
    Measurement,
    MeasurementTable,
    PhotoTotals,
    PrintedText,
    Question,
    ReportContext,
    ReportException,
    Section,
    TableRow,
)
from app.pdf.engine import COVERLESS, render_pdf
from app.pdf.proof import drawn_images
from app.pdf.settings import PdfSettings
from tests.pdf import samples
from tests.pdf.reading import page_texts, squeezed
from tests.support.examples import examples

AT_QUESTION = {Layout.CLASSIC, Layout.PHOTOGRAPHIC}
WORD = re.compile(r"w\d{5}w")
SHAPES = (samples.TINY, samples.LANDSCAPE, samples.PORTRAIT, samples.WIDE)


class Words:
    """Words that appear once in a report each."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def some(self, count: int) -> str:
        new = [f"w{len(self.said) + n:05}w" for n in range(count)]
        self.said += new
        return " ".join(new)


@dataclass(frozen=True)
class Made:
    context: ReportContext
    files: dict[str, Path]
    words: tuple[str, ...]


def question_of(draw: st.DrawFn, number: str, words: Words, album: samples.Album) -> Question:
    kind = draw(st.sampled_from(("ok", "not_ok", "na", "text", "table", "number")))
    table = MeasurementTable(
        (PrintedText(words.some(1)), PrintedText(words.some(1))),
        tuple(
            TableRow(PrintedText(words.some(1)), (Measurement(words.some(1), Mark.IN), None))
            for _ in range(draw(st.integers(1, 20)))
        ),
    )
    photos = [
        replace(album.take(words.some(draw(st.integers(0, 6)))), number=f"{number}-{place}")
        for place in range(1, draw(st.integers(0, 5)) + 1)
    ]
    return Question(
        field_id=f"f{number}",
        number=number,
        label=PrintedText(words.some(draw(st.integers(1, 15))), words.some(2)),
        verdict=kind if kind in ("ok", "not_ok", "na") else None,
        na_reason=words.some(3) if kind == "na" else "",
        texts=(PrintedText(words.some(draw(st.integers(1, 40)))),) if kind == "text" else (),
        measurement=Measurement(words.some(1), Mark.OUT) if kind == "number" else None,
        limits=Limits("V", "1", "2") if kind == "number" else None,
        table=table if kind == "table" else None,
        comment=words.some(draw(st.sampled_from((0, 3, 30, 200)))),
        photos=tuple(replace(photo, is_told=draw(st.booleans())) for photo in photos),
    )


@st.composite
def reports(draw: st.DrawFn, folder: Path) -> Made:
    words, album = Words(), samples.Album(folder, SHAPES)
    sections = []
    for place in range(1, draw(st.integers(1, 3)) + 1):
        title = PrintedText(words.some(3), words.some(2))
        questions = [
            question_of(draw, f"{place}.{n}", words, album)
            for n in range(1, draw(st.integers(1, 6)) + 1)
        ]
        sections.append(Section(f"s{place}", str(place), title, tuple(questions)))
    exceptions = tuple(
        ReportException(ExceptionKind.NOT_OK, q.field_id, q.number, q.label, "")
        for section in sections
        for q in section.questions
        if q.verdict == "not_ok"
    )
    context = samples.bare_context(
        languages=("en", "pt"),
        sections=tuple(sections),
        exceptions=exceptions,
        settings=PdfSettings(layout=draw(st.sampled_from(Layout))),
        photo_totals=PhotoTotals(good=album.count),
    )
    # Words that were drawn and not used are in no field.
    used = set(WORD.findall(repr(context)))
    return Made(context, album.files, tuple(word for word in words.said if word in used))


def destinations(document: pikepdf.Pdf) -> dict[str, int]:
    """The page number of each named destination."""
    pages = {page.objgen: number for number, page in enumerate(document.pages)}
    names = list(document.Root.Names.Dests.Names)
    return {
        str(name): pages[target[0].objgen]
        for name, target in zip(names[::2], names[1::2], strict=True)
    }


def links(document: pikepdf.Pdf) -> Iterator[tuple[int, str]]:
    for number, page in enumerate(document.pages):
        for annotation in page.get("/Annots", ()):
            yield number, str(annotation.Dest)


def check_places(made: Made, output: Path, texts: list[str]) -> None:
    """Contents, exceptions and outline name the page where a section or question is."""
    squeezed_texts = [squeezed(text) for text in texts]
    with pikepdf.open(output) as document:
        where = destinations(document)
        followed = {name for _page, name in links(document)}
        with document.open_outline() as outline:
            titles = [item.title for item in outline.root]
    has_contents = "Contents Sum" in " ".join(texts)
    assert has_contents or made.context.settings.layout in COVERLESS
    for section in made.context.sections:
        page = where[f"section-{section.id}"]
        head = f"{section.title.first} {section.title.second}"
        assert squeezed(head) in squeezed_texts[page]
        assert f"{section.number} {head}" in titles
        asked = f"{len(section.questions)} question"
        if has_contents:
            assert f"section-{section.id}" in followed
            assert re.search(rf"{head} {asked}s? {page + 1}\b", " ".join(texts))
        first = section.questions[0].label.first.split()[0]
        assert first in texts[page], "a heading stands with its first question"
    for question in made.context.questions():
        assert question.label.first.split()[0] in texts[where[f"field-{question.field_id}"]]
    assert {f"field-{one.field_id}" for one in made.context.exceptions} <= followed <= set(where)


def check_photos(made: Made, output: Path, texts: list[str]) -> None:
    """Each photo is drawn, on the page of its caption and in its order."""
    photos = made.context.photos()
    hashes = {photo.number: _hash(made.files[photo.key].read_bytes()) for photo in photos}
    assert drawn_images(output) == Counter(hashes.values())
    if made.context.settings.layout not in AT_QUESTION:
        return  # a question names photos that are printed elsewhere
    with pikepdf.open(output) as document:
        for text, page in zip(texts, document.pages, strict=True):
            named = [hashes[one] for one in hashes if f"Photo {one} " in f"{text} "]
            assert [*_drawn_on(page)] == named, text


def _drawn_on(page: Any) -> Iterator[str]:
    for name in re.findall(rb"(/iphoto-\d+) Do", b"".join(_contents(page))):
        yield _hash(page.Resources.XObject[name.decode()].read_raw_bytes())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _contents(page: Any) -> Iterator[bytes]:
    page.contents_coalesce()
    yield page.Contents.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("every-word")


@settings(
    max_examples=examples(10),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_word_photo_number_and_link_is_right(folder: Path, data: st.DataObject) -> None:
    made = data.draw(reports(folder))
    output, again = folder / "out.pdf", folder / "again.pdf"
    rendered = render_pdf(made.context, made.files, output)
    texts = page_texts(output)
    assert rendered.pages == len(texts)
    assert sorted(set(made.words) - set(WORD.findall(" ".join(texts)))) == []
    for number, text in enumerate(texts[1:], start=2):
        assert f"Page {number} of {len(texts)}" in text
    check_places(made, output, texts)
    check_photos(made, output, texts)
    render_pdf(made.context, made.files, again)
    assert again.read_bytes() == output.read_bytes()

"""User text is never markup, and a render accesses only its own files."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, repeat
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
import tinyhtml5
from weasyprint.urls import FatalURLFetchingError

from app.layouts import Layout
from app.pdf.engine import render_pdf
from app.pdf.fetcher import ReportFetcher, evidence_url
from app.pdf.limits import MAX_FIELD_TEXT, MAX_PHOTOS, TooLarge, check_size
from app.pdf.markup import COMPACT, LETTER, STYLESHEETS, TEMPLATES, render_html
from tests.pdf import samples
from tests.pdf.filling import filled
from tests.pdf.payloads import payloads
from tests.pdf.reading import attachment_count, inflated, squeezed, text_of


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A local port and the list of what was received on it."""
    hits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            hits.append(connection.recv(200))
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], hits
    stop.set()
    thread.join()
    server.close()


def shape(element: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes, in order."""
    return [(str(node.tag), tuple(sorted(node.attrib))) for node in element.iter()]


def test_every_payload_in_every_field_leaves_the_markup_as_it_was(tmp_path: Path) -> None:
    context = samples.one_of_everything(tmp_path).context
    for payload in payloads(1, "/etc/passwd"):
        harmless = repeat(re.sub(r"[^\n ]", "x", payload))
        expected = shape(tinyhtml5.parse(render_html(filled(context, harmless))))
        printed = tinyhtml5.parse(render_html(filled(context, repeat(payload))))
        assert shape(printed) == expected, payload


def test_hostile_texts_are_printed_and_nothing_is_fetched(
    tmp_path: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, hits = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret-of-laudo")
    hostile = payloads(port, str(secret))
    sample = samples.one_of_everything(tmp_path)
    context = filled(sample.context, cycle(hostile))
    render_pdf(context, sample.files, tmp_path / "out.pdf")
    text = squeezed(text_of(tmp_path / "out.pdf"))
    assert [payload for payload in hostile if squeezed(payload) not in text] == []
    assert hits == []
    assert attachment_count(tmp_path / "out.pdf") == 0
    assert b"the-secret-of-laudo" not in inflated(tmp_path / "out.pdf")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/x",
        "data:image/png;base64,AAAA",
        "gopher://127.0.0.1/",
        "asset:../secret",
        "asset:/etc/passwd",
        "evidence:other",
        "evidence:../known",
        "EVIDENCE:known",
        "//127.0.0.1/x",
    ],
)
def test_the_fetcher_rejects_everything_not_listed(url: str, tmp_path: Path) -> None:
    known = samples.picture(tmp_path, "known", samples.TINY, 1)
    fetcher = ReportFetcher({"Inter.woff2": known}, {"known": known})
    with pytest.raises(FatalURLFetchingError):
        fetcher.fetch(url)


def test_the_fetcher_answers_with_local_paths(tmp_path: Path) -> None:
    known = samples.picture(tmp_path, "a picture", samples.TINY, 1)
    key = "t/1/print/ü #?%"
    response = ReportFetcher({}, {key: known}).fetch(evidence_url(key))
    response.close()
    assert Path(response.path) == known
    assert response.content_type == "image/jpeg"


def test_templates_use_no_slow_layout_and_no_unsafe_filter() -> None:
    slow = re.compile(r"display:\s*(inline-)?(flex|grid)|\b(dotted|dashed)\b|table-layout:\s*auto")
    own = {f"layouts/{one}.css" for one in set(Layout) - {Layout.CLASSIC}}
    sheets = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.css")}
    assert sheets == {*STYLESHEETS, LETTER, COMPACT, *own}
    for path in filter(Path.is_file, TEMPLATES.rglob("*")):
        text = path.read_text(encoding="utf-8")
        assert not slow.search(text), path.name
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|\sstyle=|<script|\son\w+=", text), (
            path.name
        )
        assert len(text.splitlines()) <= (150 if path.suffix == ".html" else 400)


def test_invisible_and_direction_characters_are_not_printed(tmp_path: Path) -> None:
    context = samples.bare_context(sections=())
    context = replace(context, project=replace(context.project, name="a\x00b\u202ec\u200bd\x1be"))
    assert "abcde" in render_html(context)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"generator": "x" * (MAX_FIELD_TEXT + 1)}, "generator.* 20,001 characters"),
        ({"audit_head": "x"}, None),
    ],
)
def test_texts_that_are_too_long_are_rejected(
    changes: dict[str, str], sentence: str | None
) -> None:
    context = samples.bare_context(**changes)
    if sentence is None:
        check_size(context)
        return
    with pytest.raises(TooLarge, match=sentence):
        check_size(context)


def test_too_many_photos_rows_and_words_are_rejected() -> None:
    words = samples.PrintedText("x")
    photo = samples.Photo("k", 1, 1, 1, "00")
    row = samples.TableRow(words, (None,))
    table = samples.MeasurementTable((words,), (row,) * 5_001)
    base = samples.Question("q", "1.1", words)
    for question, sentence in (
        (replace(base, photos=(photo,) * 1_501), "1,501 photos"),
        (replace(base, table=table), "5,001 rows"),
        (replace(base, texts=(samples.PrintedText("y" * 20_000),) * 21), "characters of text"),
    ):
        section = samples.data.Section("s", "1", words, (question,))
        with pytest.raises(TooLarge, match=sentence):
            check_size(samples.bare_context(sections=(section,)))


def test_the_photos_that_a_plan_allows_do_not_reduce_the_text_limit() -> None:
    photo = samples.Photo(
        "t/" + "a" * 32 + "/print/" + "b" * 64,
        1,
        1600,
        1200,
        "c" * 64,
        time_text="2026-03-14 12:41:07 UTC−03:00",
        nearest="p" * 79,
        coordinates="−23.626601, −46.701234",
        accuracy="±12 m",
    )
    words = samples.PrintedText("x")
    question = samples.Question("q", "1.1", words, photos=(photo,) * MAX_PHOTOS)
    section = samples.data.Section("s", "1", words, (question,))
    check_size(samples.bare_context(sections=(section,)))
    captioned = replace(question, photos=(replace(photo, caption="y" * 500),) * 801)
    with pytest.raises(TooLarge, match="characters of text"):
        check_size(samples.bare_context(sections=(replace(section, questions=(captioned,)),)))


def test_the_largest_text_allowed_prints(tmp_path: Path) -> None:
    bombs = ("W" * 20_000, "a\n" * 10_000, "word " * 4_000)
    questions = tuple(
        samples.Question(
            f"q{n}",
            f"1.{n}",
            samples.PrintedText("Remarks"),
            texts=(samples.PrintedText(text),),
            comment=text,
        )
        for n, text in enumerate(bombs)
    )
    context = samples.bare_context(
        sections=(samples.data.Section("s", "1", samples.PrintedText("S"), questions),),
        rendered_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert render_pdf(context, {}, tmp_path / "out.pdf").seconds < 30

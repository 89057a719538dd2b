"""A kept field of the fill page equals a fresh one, in every state, for every reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import g
from flask_babel import force_locale

from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    PhotoMode,
    PhotoPolicy,
)
from app.definition.sentences import say
from app.reports.filling.kept_cards import KEPT, PHOTOS, REPORT_ID, TOKEN, Cards, Kept
from app.reports.filling.page import FieldView, InputContent, RefusedSave
from app.reports.filling.service import AnswerInput
from app.reports.wording import OwnNote
from app.web import locale
from tests.support import scenarios
from tests.support.scenarios import GOOD_ANSWERS

MORNING = datetime(2026, 3, 31, 9, 5, 7, tzinfo=UTC)
AMBIGUOUS = {"text": "1,234", "decimal": "1.234", "doubt": "1234"}
READERS = (
    ("en", "UTC"),
    ("pt_BR", "America/Sao_Paulo"),
    ("en", "America/Sao_Paulo"),
    # The same time of two days.
    ("en", "Pacific/Kiritimati"),
    ("en", "Pacific/Honolulu"),
)


def fields() -> Iterator[Field]:
    """Every type of field, with every policy that changes its card."""
    plain = PhotoPolicy(mode=PhotoMode.OPTIONAL, max=3)
    wanted = PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3, gps_required=True)
    none = PhotoPolicy(mode=PhotoMode.NONE, max=0)
    for field in scenarios.a_definition().all_fields():
        for comment in CommentPolicy:
            yield field.model_copy(update={"photos": plain, "comment": comment})
        for photos in (wanted, none):
            yield field.model_copy(update={"photos": photos})


def answers(field: Field) -> Iterator[InputContent | None]:
    """No answer, an own value, and stored answers that differ in one part each."""
    yield None
    good = GOOD_ANSWERS.get(field.id)
    yield InputContent(good)
    stored = InputContent(good, row_version=1, answered_at=MORNING)
    yield stored
    yield replace(stored, row_version=2)
    yield replace(stored, answered_at=MORNING + timedelta(seconds=1))
    yield replace(stored, answered_at=MORNING + timedelta(hours=1))
    yield replace(stored, answered_at=datetime.now(UTC))
    yield replace(stored, comment="as <seen> & heard")
    yield replace(stored, value=None, na_reason="not fitted")
    yield replace(stored, value=None, na_reason="not accessible")
    if field.id == "insulation":
        yield replace(stored, value={"text": "5", "decimal": "5"})
        yield replace(stored, value=AMBIGUOUS)
    if field.id == "contact_resistance":
        yield replace(stored, value={"a:before": {"text": "0,9", "decimal": "0.9"}})
        yield replace(stored, value={"a:before": AMBIGUOUS})
    if field.id == "enclosure":
        yield replace(stored, value="not_ok")
        yield replace(stored, value="na", na_reason="none")


def views() -> Iterator[FieldView]:
    filled = [OwnNote(f"Filled in: {source}", is_filled=True) for source in ("client", "tag")]
    notes = (None, *filled, OwnNote("Other <b>"), OwnNote("Another"))
    for field in fields():
        # Only texts and dates have own values, and all types draw the note alike.
        for answer, own in product(answers(field), notes if field.id == "customer" else notes[:1]):
            is_own = answer is not None and not answer.row_version
            if is_own == bool(own and own.is_filled):  # the page makes no other pairs
                yield FieldView(field, answer, own=own)
        yield FieldView(field, None, photos=["placed"])  # type: ignore[list-item] - never read here


@pytest.fixture(autouse=True)
def empty():
    KEPT.clear()
    yield
    KEPT.clear()


def definition_of(field: Field) -> Definition:
    """A version with only this field: cards of different definitions have different versions."""
    sections = scenarios.a_definition().sections
    only = sections[0].model_copy(update={"fields": (field,)})
    return scenarios.a_definition(info_fields=(), sections=(only,))


def test_every_kept_card_equals_a_fresh_one(app):
    """Twice over all fields, states and readers, in two orders: whatever was kept for one reader
    must not be what another is shown."""
    fresh: dict[object, str] = {}
    everything = list(views())
    definitions = {repr(view.field): (uuid4(), definition_of(view.field)) for view in everything}
    versions = [definitions[repr(view.field)] for view in everything]
    for language, zone in (*READERS, *reversed(READERS)):
        with app.test_request_context(), force_locale(language):
            g.reader_zone = ZoneInfo(zone)
            for number, view in enumerate(everything):
                cards, at = Cards(*versions[number]), (language, zone, number)
                kept = cards.draw(view, "PHOTOS")
                if at not in fresh:
                    fresh[at] = cards.render(view).replace(PHOTOS, "PHOTOS")
                assert kept == fresh[at]
    assert len(set(fresh.values())) > 1_000


def test_the_second_drawing_renders_nothing(app, monkeypatch):
    field = next(fields())
    view, cards = FieldView(field, None), None
    with app.test_request_context():
        cards = Cards(uuid4(), definition_of(field))
        first = cards.draw(view)
        monkeypatch.setattr(Cards, "render", lambda *given: pytest.fail("rendered again"))
        assert cards.draw(view) == first


def test_the_time_of_a_save_gets_its_day_when_the_day_is_over(app, monkeypatch):
    field, at = next(fields()), datetime.now(UTC)
    view = FieldView(field, InputContent(row_version=1, answered_at=at))
    shown = []
    with app.test_request_context():
        version = uuid4()
        for days in (0, 1):
            clock = SimpleNamespace(
                now=lambda zone, days=days: at.astimezone(zone) + timedelta(days)
            )
            monkeypatch.setattr(locale, "datetime", clock)
            cards = Cards(version, definition_of(field))
            shown.append(cards.draw(view))
            assert shown[-1] == cards.render(view)
    assert shown[0] != shown[1]


def test_a_card_makes_few_nodes(app):
    """A page of 300 questions opens on a slow phone only if each of them is light."""
    with app.test_request_context():
        for field in (one for one in fields() if one.type is not FieldType.TABLE):
            card = str(Cards(uuid4(), definition_of(field)).draw(FieldView(field, None)))
            assert "<svg" not in card, "each <use> copies the shapes of its icon into the page"
            assert not re.search(r">\s*\n\s*<(?!/textarea)", card), "a node for each line break"
            assert len(re.findall(r"<[a-z]", card)) <= 60, field.id


def test_white_space_that_a_person_typed_stays(app):
    field = next(one for one in fields() if one.comment is CommentPolicy.OPTIONAL)
    view = FieldView(field, InputContent(comment=" \n \n ", row_version=1, answered_at=MORNING))
    with app.test_request_context():
        card = str(Cards(uuid4(), definition_of(field)).draw(view))
    assert "> \n \n </textarea>" in card


def test_nothing_of_a_report_or_a_request_is_kept(app, client_of, cast, acting):
    """After a page was drawn, no kept card has its report, its token or its reader's name."""
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.an_answer(report, "customer", "Lobo", actor)
        report_id = str(report.id)
    page = client_of(cast.tess).get(f"/reports/{report_id}/fill?at=customer").text
    assert report_id in page and 'value="Lobo"' in page
    for stand_in in (str(REPORT_ID), TOKEN, PHOTOS):
        assert stand_in not in page
    kept = "".join(KEPT._texts.values())
    assert "Lobo" in kept and str(REPORT_ID) in kept and TOKEN in kept
    for private in (report_id, cast.tess.name, cast.tess.email, str(cast.acme), "nonce"):
        assert private not in kept
    assert page.count("csrf_token") > 5


def test_two_reports_of_a_version_have_their_own_addresses(client_of, cast, acting):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor)
        ids = [str(scenarios.a_report(actor, version=version).id) for _ in range(2)]
    client = client_of(cast.tess)
    for own, other in (ids, ids[::-1]):
        page = client.get(f"/reports/{own}/fill?at=customer").text
        assert f"/reports/{own}/fields/customer" in page and other not in page


def test_refused_input_is_never_kept(app):
    field = scenarios.a_definition().field("customer")
    given = AnswerInput(value=["typed by mistake"])
    refused = RefusedSave(field, given, sentence=say("Not understood."))
    with app.test_request_context():
        cards = Cards(uuid4(), definition_of(field))
        card = cards.draw(FieldView(field, refused.typed, refused=refused))
    assert "typed by mistake" in card
    assert not KEPT._texts


def test_the_memory_is_bounded():
    kept = Kept(most=100)
    for number in range(50):
        kept.put(number, "x" * 30)
        kept.get(0)
    assert kept._size <= 100 and len(kept._texts) == 3
    assert kept.get(0) is not None, "what is used stays"
    kept.put(0, "y" * 40)
    assert kept._size == sum(map(len, kept._texts.values())) <= 100
    kept.put("huge", "z" * 101)
    assert kept._size <= 100


def test_cards_of_two_threads_do_not_mix():
    kept = Kept(most=5_000)

    def use(number: int) -> bool:
        kept.put(number, str(number) * 10)
        found = kept.get(number)
        return found is None or found == str(number) * 10

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(2_000)))
    assert kept._size == sum(map(len, kept._texts.values())) <= 5_000

"""The demo's decisions without a server: plausible answers, and placements of pictures."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from app.commands.demo.answers import fill_all
from app.commands.demo.photos import place_each_once, top_up
from app.commands.demo.workbook import demo_workbook
from app.definition.assessment import assess
from app.definition.fields import kind_of
from app.definition.judging import AnswerFacts, Judgement
from app.definition.missing import MissingKind
from app.definition.schema import Verdict
from app.definition.workbook import read_workbook
from tests.support.scenarios import a_definition

TODAY = date(2026, 11, 22)
PICTURES = [Path(f"{n}.jpg") for n in range(3)]


@pytest.fixture
def definition():
    return read_workbook(demo_workbook(), filename_stem="demo").definition


def facts(definition, filled):
    fields = {field.id: field for field in definition.all_fields()}
    return {
        name: AnswerFacts(
            value=kind_of(fields[name]).parse(fields[name], one.raw),
            comment=one.comment or None,
            na_reason=one.na_reason or None,
        )
        for name, one in filled.items()
    }


def test_the_demo_workbook_reads_without_a_remark():
    reading = read_workbook(demo_workbook(), filename_stem="demo")
    assert reading.problems == reading.notices == ()
    assert reading.code == "LVB-001"


@pytest.mark.parametrize("seed", range(20))
def test_the_form_would_accept_every_answer(seed):
    for one in (a_definition(), read_workbook(demo_workbook(), filename_stem="demo").definition):
        answers = facts(one, fill_all(one, Random(seed), TODAY))
        lacks = assess(one, answers).missing
        unanswered = {item.field_id for item in lacks if item.kind is MissingKind.ANSWER}
        assert unanswered == {field.id for field in one.all_fields() if field.prefill}
        others = {item.kind for item in lacks} - {MissingKind.ANSWER}
        assert others <= {MissingKind.PHOTO, MissingKind.SIGNATURE, MissingKind.POSITION}


def test_about_one_in_ten_is_wrong_and_none_when_flawless(definition):
    def wrong(flawless):
        answers = facts(definition, fill_all(definition, Random(5), TODAY, flawless=flawless))
        assessed = assess(definition, answers).fields
        return [
            name
            for name, one in assessed.items()
            if one.verdict is Verdict.NOT_OK or Judgement.OUT_OF_LIMITS in one.judgements.values()
        ]

    assert len(wrong(flawless=False)) == 1
    assert wrong(flawless=True) == []


def test_each_picture_is_placed_once_and_minimums_come_first(definition):
    shots = place_each_once(definition, PICTURES, ())
    assert [shot.path for shot in shots] == PICTURES
    assert all(shot.field.photos.min for shot in shots)
    assert not any(shot.repeated for shot in shots)


def test_repeats_meet_every_minimum(definition):
    shots = place_each_once(definition, PICTURES, ())
    good = Counter(shot.field.id for shot in shots)
    repeats = top_up(definition, good, PICTURES, ())
    good.update(shot.field.id for shot in repeats)
    assert all(shot.repeated for shot in repeats)
    assert all(good[field.id] >= field.photos.min for field in definition.all_fields())


def test_a_waived_question_needs_no_picture(definition):
    asking = {field.id for field in definition.all_fields() if field.photos.min}
    assert top_up(definition, {}, PICTURES, asking) == []

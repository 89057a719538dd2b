"""Every member of an enum that people read has its word, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pytest
from flask_babel import force_locale

from app import words
from app.agreement import ConflictKind
from app.definition.judging import Judgement
from app.definition.outcome import ExceptionKind, Outcome
from app.definition.schema import Language, Verdict
from app.layouts import Layout
from app.models import (
    ChecklistStatus,
    OperationVerdict,
    ReportStatus,
    Role,
    TenantStatus,
    WorkState,
)
from app.outboxes.showing import ImportOutcome
from app.pdf import context as pdf
from app.pdf.labels import SHARED, Labels
from app.plans.plans import Plan
from app.platform.queries import CompanyStatusFilter
from app.words import WordList

# A list of reports can also be filtered by all open ones.
LISTED = StrEnum("Listed", {"OPEN": "open", **{one.name: one.value for one in ReportStatus}})
# A checklist without a layout of its own follows its company.
CHOSEN = StrEnum("Chosen", {"COMPANY": "company", **{one.name: one.value for one in Layout}})
LISTS: tuple[tuple[WordList, type[StrEnum]], ...] = (
    (words.REPORT_STATUSES, ReportStatus),
    (words.CHECKLIST_STATUSES, ChecklistStatus),
    (words.WORK_STATES, WorkState),
    (words.VERDICTS, Verdict),
    (words.JUDGEMENTS, Judgement),
    (words.OUTCOMES, Outcome),
    (words.EXCEPTIONS, ExceptionKind),
    (words.ROLES, Role),
    (words.TIME_SOURCES, pdf.TimeSource),
    (words.PLACE_SOURCES, pdf.PlaceSource),
    (words.PLAN_NAMES, Plan),
    (words.STANDINGS, CompanyStatusFilter),
    (words.LAYOUTS, CHOSEN),
    (words.LISTED_STATUSES, LISTED),
    (words.IMPORT_VERDICTS, ImportOutcome),
    (words.IMPORT_FORECASTS, OperationVerdict),
)
# Pages show nothing for a value that was not judged.
SILENT = {Judgement.NONE}
# The same in both languages.
ALIKE = {Verdict.OK, Verdict.NA, Role.ADMIN}


def members() -> Iterator[tuple[WordList, StrEnum]]:
    for word_list, enum in LISTS:
        yield from ((word_list, member) for member in enum if member not in SILENT)


@pytest.mark.parametrize(("word_list", "enum"), LISTS, ids=[enum.__name__ for _, enum in LISTS])
def test_a_list_has_the_members_of_its_enum_and_no_others(word_list, enum):
    assert set(word_list.english) == {one.value for one in enum} - SILENT


def test_every_list_is_of_an_enum():
    made = {name for name, one in vars(words).items() if isinstance(one, WordList)}
    tested = {id(word_list) for word_list, _ in LISTS}
    assert {name for name in made if id(getattr(words, name)) not in tested} == set()


@pytest.mark.parametrize(("word_list", "member"), list(members()), ids=repr)
def test_a_member_has_its_word_in_both_languages(app, word_list, member):
    english, portuguese = (word_list.word_in(member, language) for language in Language)
    assert english.strip() and portuguese.strip()
    assert english != portuguese or member in ALIKE
    for locale, word in (("en", english), ("pt_BR", portuguese)):
        with app.test_request_context(), force_locale(locale):
            assert word_list.word(member) == word


def test_values_that_other_enums_share_have_words_too():
    assert {one.value for one in ConflictKind} <= words.EXCEPTIONS.english.keys()
    assert {one.value for one in TenantStatus} <= words.STANDINGS.english.keys()
    assert {one.value for one in pdf.ExceptionKind} == words.EXCEPTIONS.english.keys()


def test_a_value_of_no_member_stands_for_itself_only_where_it_may(app):
    with app.test_request_context():
        assert words.ROLES.word_or_code("auditor") == "auditor"
        with pytest.raises(KeyError):
            words.ROLES.word("auditor")


def test_a_missing_catalogue_is_an_error_and_not_english(monkeypatch, tmp_path):
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    words._catalogue.cache_clear()
    with pytest.raises(FileNotFoundError):
        words.OUTCOMES.word_in("failed", Language.PT)
    assert words.OUTCOMES.word_in("failed", Language.EN) == "Failed"


def test_the_pdf_prints_the_same_words():
    for key, (word_list, member) in SHARED.items():
        for language in Language:
            assert Labels((language.value,)).first(key) == word_list.word_in(member, language)

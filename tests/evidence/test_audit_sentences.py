"""Every recorded action has a sentence, and every sentence can be filled in."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.evidence.fact_words import NOTHING, each_fact
from app.evidence.sentence_builders import Act, changes_words, value_words
from app.evidence.sentences import KIND_OF_NOUN, KINDS, TELLINGS, actions_of, kind_of, tell
from app.web.filters import sentence_text

APP = Path(__file__).resolve().parents[2] / "app"
WHERE = "add its sentence to TELLINGS (and a new noun to KINDS) in app/evidence/sentences.py"


@pytest.mark.parametrize("action", sorted(TELLINGS))
def test_every_sentence_is_whole_whatever_the_entry_lacks(action):
    facts = [{}, {"is_preview": True}, {"new_caption": "x"}, {"new_reason": "x"}, {"assignee": "T"}]
    for one in facts:
        for question in ("", "Insulation"):
            words = str(tell(Act(action, "Ana 100%", one, "Hall", question, new="1")))
            assert "%(" not in words and len(words) > 8
    assert kind_of(action), f"{action.partition('.')[0]!r} belongs to no kind: {WHERE}"


NARROWED = [
    action
    for action in TELLINGS
    if "Hall 7" in str(tell(Act(action, "Ana", {"filters": {"search": "Hall 7"}})))
]


@pytest.mark.parametrize("action", NARROWED)
def test_an_unfiltered_list_has_no_dash_for_its_filters(action):
    for none in ({}, {"filters": {}}, {"filters": None}):
        assert not str(tell(Act(action, "Ana", none))).endswith(NOTHING)


def test_who_ends_their_own_support_access_is_named_once():
    own = str(tell(Act("support.ended", "Sam Super", {"whose": "Sam Super"})))
    assert own == "Sam Super ended their own support access."
    admins = str(tell(Act("support.ended", "Ana Admin", {"whose": "Sam Super"})))
    assert admins == "Ana Admin ended the support access of Sam Super."


def test_kinds_share_no_noun_and_are_all_used():
    assert len(KIND_OF_NOUN) == sum(len(kind.nouns) for kind in KINDS)
    for kind in KINDS:
        assert actions_of(kind.key), kind.key
    assert sorted(action for kind in KINDS for action in actions_of(kind.key)) == sorted(TELLINGS)
    assert actions_of("nonsense") == []


def test_an_unknown_person_at_the_log_in_has_no_name():
    assert str(tell(Act("session.refused", "unknown"))) == (
        "A login attempt with an unknown e-mail was refused."
    )
    assert str(tell(Act("session.refused", "Ana"))) == "A login attempt as Ana was refused."


def test_a_rename_is_not_told_as_a_choice_of_language(app):
    with app.test_request_context():
        renamed = {"changes": {"name": {"old": "Ana", "new": "Ana B."}}}
        assert str(tell(Act("account.preferences_changed", "Ana", renamed))) == (
            'Ana changed their own account. Name: "Ana" → "Ana B."'
        )
        before = {"locale": "pt_BR", "time_zone": "UTC"}
        assert str(tell(Act("account.preferences_changed", "Ana", before))) == (
            "Ana set the language to Português (Brasil) and the time zone to UTC."
        )


def test_an_unknown_action_is_told_plainly():
    assert str(tell(Act("what.ever", "Ana"))) == (
        "Ana did something that this version cannot describe: what.ever."
    )


NESTED = {"a": [1, {"b": None, "c": [True, {"d": "x"}]}], "e_f": {}, "g": {"at": "2026-03-31"}}


@pytest.mark.parametrize("action", [*sorted(TELLINGS), "what.ever"])
def test_no_sentence_shows_raw_data_whatever_the_entry_holds(app, action):
    """Facts of every name that sentences use, nested as deeply as in any entry."""
    names = {name for words in texts_of_tellings() for name in re.findall(r"%\((\w+)\)s", words)}
    facts = dict.fromkeys(names, NESTED) | {"changes": {"limits": {"old": NESTED, "new": {}}}}
    with app.test_request_context():
        for one in (facts, {**facts, "old": "x", "new": ["y"]}, {name: [NESTED] for name in names}):
            words = sentence_text(tell(Act(action, "Ana", one, "Hall")))
            assert not re.search(r"[{}\[\]]|None|True|&", words), words


def texts_of_tellings() -> list[str]:
    source = (APP / "evidence/sentences.py").read_text()
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_an_entrys_own_page_names_every_value_once(app):
    facts = {
        "field": "insulation",
        "new": {"value": {"text": "0,08", "decimal": "0.08"}, "comment": None},
        "position": [None, "1.5"],
        "many": [{"a": 1}, {"a": False}],
        "at": "2026-03-31T12:00:00Z",
        "due_on": "2026-03-31",
        "odd": "2026-02-31",
    }
    with app.test_request_context():
        assert list(each_fact(facts)) == [
            ("Question", "insulation"),
            ("After · Value · As typed", "0,08"),
            ("After · Value · Number", "0.08"),
            ("After · Comment", NOTHING),
            ("Position", f"{NOTHING}, 1.5"),
            ("many · 1 · a", "1"),
            ("many · 2 · a", "no"),
            ("at", "31 Mar 2026, 12:00:00 UTC"),
            ("Due", "31 Mar 2026"),
            ("odd", "2026-02-31"),
        ]


@pytest.mark.parametrize(
    ("action", "fact", "one", "many"),
    [
        ("reports.exported", "rows", "1 report (", "100,000 reports ("),
        (
            "session.others_closed",
            "sessions",
            "logged out 1 other device.",
            "all 100,000 other devices",
        ),
        ("export.made", "files", "1 file,", "100,000 files,"),
        ("support.opened", "minutes", "1 minute:", "100,000 minutes:"),
    ],
)
def test_what_an_entry_counts_has_a_form_for_one(app, action, fact, one, many):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for number, words in (("1", one), ("100000", many)):
            assert words in sentence_text(tell(Act(action, "Ana", {fact: number})))


def test_changes_say_old_and_new(app):
    changes = {
        "client": {"old": "Norte", "new": "Sul"},
        "address": {"old": "", "new": "Street\n1"},
        "is_active": {"old": True, "new": False},
        "unheard_of": {"old": None, "new": {"a": 1}},
        "broken": 3,
    }
    with app.test_request_context():
        assert changes_words(changes) == (
            'Client: "Norte" → "Sul"; Address: – → "Street 1"; Account active: "yes" → "no";'
            ' unheard of: – → "a: 1"'
        )
        assert changes_words(None) == changes_words([1]) == ""
        assert value_words("role", "viewer") == "Viewer"
        assert value_words("locale", "pt_BR") == "Português (Brasil)"
        assert len(value_words("x", "a" * 5000)) < 300
        assert NOTHING not in value_words("x", "a")

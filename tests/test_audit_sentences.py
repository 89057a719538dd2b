"""Every action that is written anywhere has its sentence, and every sentence can be filled."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.evidence.fact_words import NOTHING, each_fact
from app.evidence.sentences import KIND_OF_NOUN, KINDS, TELLINGS, actions_of, kind_of, tell
from app.evidence.telling import Act, changes_words, value_words
from app.web.filters import sentence_text

APP = Path(__file__).resolve().parents[1] / "app"
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
VERB = re.compile(r"[a-z_]+")
WHERE = "add its sentence to TELLINGS (and a new noun to KINDS) in app/evidence/sentences.py"


def written() -> dict[str, set[str]]:
    """Each action with the modules that write it, read from the calls of record and its wrappers:
    functions that take an action, or a verb to which they add the noun (`f"report.{verb}"`)."""
    trees = {
        path: ast.parse(path.read_text())
        for path in sorted(APP.rglob("*.py"))
        if "node_modules" not in path.parts
    }
    WRITERS.update(*(writers_in(tree) for tree in trees.values()))
    trees = {path: tree for path, tree in trees.items() if any(calls(tree))}
    nouns = {path: nouns_of(tree) for path, tree in trees.items()}
    found: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for action in actions_in(tree, nouns[path] | imported(tree, nouns)):
            found.setdefault(action, set()).add(str(path.relative_to(APP)))
    return found


WRITERS: set[str] = set()


def writers_in(tree: ast.AST) -> set[str]:
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and {"action", "verb"} & {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
    }


def nouns_of(tree: ast.AST) -> dict[str, str]:
    """The noun that each wrapper of this module puts before its verb."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for call in calls(node):
                for one in arguments(call):
                    if isinstance(one, ast.JoinedStr) and isinstance(one.values[0], ast.Constant):
                        found[node.name] = str(one.values[0].value).removesuffix(".")
    return found


def imported(tree: ast.AST, nouns: dict[Path, dict[str, str]]) -> dict[str, str]:
    """The same of wrappers that it takes from another module."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            source = APP.parent / Path(*str(node.module).split(".")).with_suffix(".py")
            for one in node.names:
                if one.name in nouns.get(source, {}):
                    found[one.asname or one.name] = nouns[source][one.name]
    return found


def actions_in(tree: ast.AST, nouns: dict[str, str]) -> set[str]:
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    found = set()
    for call in calls(tree):
        noun = nouns.get(name_of(call))
        for one in arguments(call):
            for text in texts(one, constants):
                if ACTION.fullmatch(text):
                    found.add(text)
                elif noun and VERB.fullmatch(text):
                    found.add(f"{noun}.{text}")
    return found


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def calls(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in WRITERS:
            yield node


def arguments(call: ast.Call):
    """Where an action can stand: the first two arguments, or the keyword."""
    yield from call.args[:2]
    yield from (keyword.value for keyword in call.keywords if keyword.arg in ("action", "verb"))


def texts(node: ast.AST, constants: dict[str, str]):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, constants)
        yield from texts(node.orelse, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]


def test_every_written_action_has_its_sentence():
    actions = written()
    # The control: each way of writing an action is read.
    for action in ("project.created", "report.archived", "session.opened", "account.created",
                   "checklist.copied", "photo.removed", "document.made", "onboarding.skipped",
                   "project.archived", "project.member_added", "tenant.suspended"):  # fmt: skip
        assert action in actions, action
    assert len(actions) > 40
    untold = {action: modules for action, modules in actions.items() if action not in TELLINGS}
    assert not untold, f"{untold}: {WHERE}"


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
def test_a_list_that_nothing_narrowed_has_no_dash_for_its_filters(action):
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


def test_who_is_unknown_at_the_door_has_no_name():
    assert str(tell(Act("session.refused", "unknown"))) == (
        "A log-in with an e-mail that nobody has was refused."
    )
    assert str(tell(Act("session.refused", "Ana"))) == "A log-in as Ana was refused."


def test_a_rename_is_not_told_as_a_choice_of_language(app):
    with app.test_request_context():
        renamed = {"changes": {"name": {"old": "Ana", "new": "Ana B."}}}
        assert str(tell(Act("account.preferences_changed", "Ana", renamed))) == (
            'Ana changed their own account. Name: "Ana" → "Ana B."'
        )
        before = {"locale": "pt_BR", "time_zone": "UTC"}
        assert str(tell(Act("account.preferences_changed", "Ana", before))) == (
            "Ana chose language Português (Brasil) and time zone UTC."
        )


def test_an_unknown_action_is_told_plainly():
    assert str(tell(Act("what.ever", "Ana"))) == (
        "Ana did something that this version has no sentence for: what.ever."
    )


NESTED = {"a": [1, {"b": None, "c": [True, {"d": "x"}]}], "e_f": {}, "g": {"at": "2026-03-31"}}


@pytest.mark.parametrize("action", [*sorted(TELLINGS), "what.ever"])
def test_no_sentence_shows_raw_data_whatever_the_entry_holds(app, action):
    """Facts of every name that sentences use, each nested as deep as an entry can be."""
    names = {name for words in texts_of_tellings() for name in re.findall(r"%\((\w+)\)s", words)}
    facts = dict.fromkeys(names, NESTED) | {"changes": {"limits": {"old": NESTED, "new": {}}}}
    with app.test_request_context():
        for one in (facts, {**facts, "old": "x", "new": ["y"]}, {name: [NESTED] for name in names}):
            words = sentence_text(tell(Act(action, "Ana", one, "Hall")))
            assert not re.search(r"[{}\[\]]|None|True|&", words), words


def texts_of_tellings() -> list[str]:
    source = (APP / "evidence/sentences.py").read_text()
    return [node.value for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip


def test_an_entrys_own_page_names_every_value_once(app):
    facts = {
        "field": "insulation", "new": {"value": {"text": "0,08", "decimal": "0.08"}, "comment": None},
        "position": [None, "1.5"], "many": [{"a": 1}, {"a": False}], "at": "2026-03-31T12:00:00Z",
        "due_on": "2026-03-31", "odd": "2026-02-31",
    }  # fmt: skip
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
        ("session.others_closed", "sessions", "on 1 other device.", "all 100,000 other devices"),
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
            'Client: "Norte" → "Sul"; Address: – → "Street 1"; Account open: "yes" → "no";'
            ' unheard of: – → "a: 1"'
        )
        assert changes_words(None) == changes_words([1]) == ""
        assert value_words("role", "viewer") == "Viewer"
        assert value_words("locale", "pt_BR") == "Português (Brasil)"
        assert len(value_words("x", "a" * 5000)) < 300
        assert NOTHING not in value_words("x", "a")

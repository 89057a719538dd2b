"""The rules as tables: missing items, progress, exceptions, remarks and results."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.assessment import INFO, SIGNATURES, AssessedField, assess
from app.definition.judging import (
    AnswerFacts,
    Judgement,
    PhotoFacts,
    PhotoState,
    SignatureFacts,
    worst,
)
from app.definition.missing import MissingKind
from app.definition.outcome import (
    ExceptionItem,
    ExceptionKind,
    NaItem,
    Outcome,
    RemarkItem,
    RemarkKind,
)
from app.definition.schema import (
    CommentPolicy,
    Field,
    FieldType,
    PhotoMode,
    PhotoPolicy,
    SignatureRole,
    Text,
    Verdict,
)
from tests.definition.builders import definition, field, limits, reading

T, K, R = FieldType, MissingKind, RemarkKind
MIN_2 = PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3)
GOOD = PhotoFacts("f", has_position=True)
READING = PhotoFacts("f", PhotoState.READING)
BAD = PhotoFacts("f", PhotoState.QUARANTINED)
LOST = PhotoFacts("f", PhotoState.FAILED)
DAMAGED = PhotoFacts("f", is_damaged=True)
ONE = PhotoFacts("f", has_position=True, photo="one")
INDOORS = PhotoFacts("f", position_reason="In the cellar")
EXPLAINED = PhotoFacts("f", PhotoState.QUARANTINED, reason="the camera broke")


def kinds(one: Field, facts: AnswerFacts | None, *photos: PhotoFacts) -> list[MissingKind]:
    answers = {"f": facts} if facts else {}
    return [item.kind for item in assess(definition(one), answers, photos).missing]


def answer(value: object = None, comment: str | None = None, why: str | None = None) -> AnswerFacts:
    return AnswerFacts(value, comment, why)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "typed", "decimal", "expected"),
    [
        ("1", None, "1", "1", "in_limits"),
        ("1", None, "0,999", "0.999", "out_of_limits"),
        ("1", None, ">200", "200", "in_limits"),
        (None, "40", ">40", "40", "out_of_limits"),
        (None, "40", ">=40", "40", "in_limits"),
        (None, "40", "<40", "40", "in_limits"),
        ("0.5", None, "<0.5", "0.5", "out_of_limits"),
        (None, "0.1", "0.1", "0.1", "in_limits"),
        (
            None,
            "0.1",
            "0.10000000000000000000000001",
            "0.10000000000000000000000001",
            "out_of_limits",
        ),
        (None, None, "7", "7", "none"),
    ],
)
def test_limits(low: str, high: str, typed: str, decimal: str, expected: str) -> None:
    one = field("f", T.NUMBER, limits=limits(low, high))
    assert AssessedField(one, answer(reading(typed, decimal))).judgements == {"": expected}
    table = field("f", T.TABLE, limits=limits(low, high))
    cells = answer({"l1:v": reading(typed, decimal)})
    assert AssessedField(table, cells).judgements == {"l1:v": expected}
    assert AssessedField(one).judgements == {}


def test_a_table_has_one_verdict() -> None:
    table = field("f", T.TABLE, limits=limits("1"))
    good, bad = reading("2", "2"), reading("0", "0")
    assert AssessedField(table, answer({"l1:v": good})).verdict is None
    assert AssessedField(table, answer({"l1:v": good, "l2:v": good})).verdict is Verdict.OK
    assert AssessedField(table, answer({"l2:v": bad})).verdict is Verdict.NOT_OK
    mixed = AssessedField(table, answer({"l1:v": good, "l2:v": bad})).judgements
    assert worst(mixed.values()) is mixed["l2:v"] is Judgement.OUT_OF_LIMITS
    assert worst([]) is Judgement.NONE
    assert AssessedField(field("f", T.TEXT), answer("words")).verdict is None


def test_not_applicable() -> None:
    verdict, text = field("f"), field("f", T.TEXT)
    assert AssessedField(verdict, answer("na")).is_na
    assert not AssessedField(verdict, answer(None, why="because")).is_na
    assert AssessedField(text, answer(None, why="because")).is_na
    assert not AssessedField(text, answer(None, why=" ")).is_na
    assert not AssessedField(text, answer("words", why="because")).is_na
    assert not AssessedField(field("f", T.NOTE), answer(None, why="because")).is_na
    assert AssessedField(text, answer(None, why="because")).is_answered
    assert AssessedField(text, answer(None, why="because")).verdict is Verdict.NA


OFF, ALWAYS, BADLY = (
    CommentPolicy.OFF,
    CommentPolicy.REQUIRED,
    CommentPolicy.REQUIRED_WHEN_NOT_OK,
)


@pytest.mark.parametrize(
    ("one", "facts", "photos", "expected"),
    [
        (field("f"), None, (), [K.ANSWER]),
        (field("f", required=False), None, (), []),
        (field("f"), answer("ok"), (), []),
        (field("f"), answer("na"), (), [K.NA_REASON]),
        (field("f"), answer("na", why="none here"), (), []),
        (field("f", T.TEXT), answer(why="none here"), (), []),
        (field("f", T.TABLE), answer({"l1:v": reading("1", "1")}), (), [K.ANSWER]),
        (field("f", T.NOTE), None, (), []),
        (field("f", comment=OFF), answer("not_ok"), (), []),
        (field("f", comment=ALWAYS), None, (), [K.ANSWER, K.COMMENT]),
        (field("f", comment=ALWAYS), answer("ok", " "), (), [K.COMMENT]),
        (field("f", comment=ALWAYS), answer("ok", "fine"), (), []),
        (field("f", comment=ALWAYS), answer("na", why="none here"), (), []),
        (field("f", comment=ALWAYS, required=False), None, (), []),
        (field("f", comment=BADLY), answer("ok"), (), []),
        (field("f", comment=BADLY), answer("not_ok"), (), [K.COMMENT]),
        (
            field("f", T.NUMBER, comment=BADLY, limits=limits("1")),
            answer(reading("0", "0")),
            (),
            [K.COMMENT],
        ),
        (field("f", photos=MIN_2), answer("ok"), (), [K.PHOTO]),
        (field("f", photos=MIN_2), answer("na", why="none here"), (), []),
        (field("f", photos=MIN_2, required=False), None, (GOOD,), [K.PHOTO]),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, GOOD), []),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, READING), [K.READING]),
        (field("f", photos=MIN_2), answer("ok"), (READING,), [K.PHOTO, K.READING]),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, LOST), [K.PHOTO_FAILED]),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, BAD), [K.QUARANTINED]),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, EXPLAINED), []),
        (field("f", photos=MIN_2), answer("ok"), (GOOD, GOOD, BAD), []),
        (field("f", photos=MIN_2), answer("ok"), (GOOD,) * 4, [K.TOO_MANY_PHOTOS]),
        (field("f", photos=MIN_2), answer("ok"), (GOOD,) * 3 + (BAD,), []),
        (
            field("f", photos=PhotoPolicy(mode=PhotoMode.NONE)),
            answer("ok"),
            (GOOD,),
            [K.TOO_MANY_PHOTOS],
        ),
        (field("f", photos=PhotoPolicy(gps_required=True)), answer("ok"), (GOOD,), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), answer("ok"), (), []),
        (
            field("f", photos=PhotoPolicy(gps_required=True)),
            answer("ok"),
            (PhotoFacts("f"),),
            [K.POSITION],
        ),
        (field("f", photos=PhotoPolicy(gps_required=True)), answer("ok"), (READING,), [K.READING]),
        (field("f", photos=PhotoPolicy(gps_required=True)), answer("ok"), (BAD,), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), answer("ok"), (INDOORS,), []),
        (
            field("f", photos=PhotoPolicy(gps_required=True)),
            answer("ok"),
            (INDOORS, replace(INDOORS, position_reason=" ")),
            [K.POSITION],
        ),
        (field("f", photos=MIN_2), answer("ok"), (ONE, ONE), [K.PHOTO]),
        (field("f", photos=MIN_2), answer("ok"), (ONE, replace(ONE, photo="other")), []),
        (field("f", photos=MIN_2), answer("ok"), (ONE, ONE, replace(ONE, photo="other")), []),
        (field("f", photos=MIN_2), answer("ok"), (ONE,) * 4, [K.PHOTO, K.TOO_MANY_PHOTOS]),
    ],
)
def test_missing(
    one: Field,
    facts: AnswerFacts | None,
    photos: tuple[PhotoFacts, ...],
    expected: list[MissingKind],
) -> None:
    assert kinds(one, facts, *photos) == expected


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        (K.QUARANTINED, PhotoFacts("f", PhotoState.QUARANTINED)),
        (K.POSITION, PhotoFacts("f")),
        (K.PHOTO_FAILED, PhotoFacts("f", PhotoState.FAILED)),
    ],
)
def test_a_missing_photo_item_names_the_first_photo_concerned(kind, meant):
    policy = PhotoPolicy(mode=PhotoMode.REQUIRED, min=3, max=5, gps_required=True)
    photos = [replace(GOOD, position=0), replace(meant, position=4), replace(meant, position=5)]
    items = assess(definition(field("f", photos=policy)), {"f": answer("ok")}, photos).missing
    assert {item.photo for item in items if item.kind is kind} == {4}


def test_the_message_says_that_a_repeated_photo_counts_once():
    items = assess(definition(field("f", photos=MIN_2)), {"f": answer("ok")}, [ONE, ONE]).missing
    assert [str(item.sentence) for item in items] == [
        "Photos: at least 2 different ones required, 1 so far. A photo used twice here counts once."
    ]


def test_every_missing_item_has_a_sentence_and_a_place() -> None:
    role = SignatureRole(id="tech", label=Text(en="Technician"))
    items = assess(definition(field("f", photos=MIN_2), roles=[role]), {}, []).missing
    assert [(item.field_id, item.role_id) for item in items] == [
        ("f", None),
        ("f", None),
        (None, "tech"),
    ]
    assert [str(item.sentence) for item in items] == [
        "The answer is missing.",
        "Photos: at least 2 required, 0 so far.",
        "The signature is missing.",
    ]


@pytest.mark.parametrize(
    ("required", "signatures", "expected"),
    [
        (True, [], [K.SIGNATURE]),
        (True, [SignatureFacts("tech")], []),
        (True, [SignatureFacts("tech", valid=False)], [K.SIGNATURE_VOID]),
        (False, [], []),
        (False, [SignatureFacts("tech", valid=False)], []),
    ],
)
def test_signatures(
    required: bool, signatures: list[SignatureFacts], expected: list[MissingKind]
) -> None:
    role = SignatureRole(id="tech", label=Text(en="Technician"), required=required)
    items = assess(
        definition(field("f"), roles=[role]), {"f": answer("ok")}, [], signatures
    ).missing
    assert [item.kind for item in items] == expected


def test_progress_and_first_open_field() -> None:
    checklist = definition(
        field("a"),
        field("n", T.NOTE),
        field("b", T.TEXT, required=False, comment=ALWAYS),
        field("f", photos=MIN_2),
        info=[field("client", T.TEXT)],
        roles=[SignatureRole(id="tech", label=Text(en="Technician"))],
    )
    assessment = assess(checklist, {})
    empty = assessment.progress
    assert (empty.done, empty.total, empty.left) == (0, 4, 4), "an optional question does not count"
    assert empty.per_section == {INFO: (0, 1), "s1": (0, 2), SIGNATURES: (0, 1)}
    assert assessment.resume_at == "client"
    answers = {"client": answer("ACME"), "a": answer("ok"), "b": answer("x"), "f": answer("ok")}
    assessment = assess(checklist, answers)
    some = assessment.progress
    assert some.per_section == {INFO: (1, 1), "s1": (1, 3), SIGNATURES: (0, 1)}
    assert (some.percent, some.total) == (40, 5), "an optional question counts while incomplete"
    assert assessment.resume_at == "b"
    answers["b"] = answer("x", "why")
    waiting = assess(checklist, answers, [GOOD, READING], [SignatureFacts("tech")])
    assert waiting.progress.per_section["s1"] == (1, 2), "the submit waits for the photo"
    assert waiting.resume_at is None, "there is nothing to do about it"
    full = assess(checklist, answers, [GOOD, GOOD], [SignatureFacts("tech")]).progress
    assert (full.done, full.total, full.percent) == (4, 4, 100)


def test_a_checklist_that_asks_nothing_is_done() -> None:
    nothing = assess(definition(field("n", T.NOTE)), {}).progress
    assert (nothing.done, nothing.total, nothing.percent) == (0, 0, 100)


def test_exceptions_come_in_form_order_with_their_cells() -> None:
    checklist = definition(
        field("v"),
        field("f", T.TABLE, limits=limits("1")),
        field("n", T.NUMBER, limits=limits("1")),
    )
    answers = {
        "n": answer(reading("0", "0")),
        "f": answer({"l1:v": reading("2", "2"), "l2:v": reading("0", "0")}),
        "v": answer("not_ok", "cracked"),
    }
    assert assess(checklist, answers, [GOOD, EXPLAINED]).exceptions == [
        ExceptionItem(ExceptionKind.NOT_OK, "v", reason="cracked"),
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, "f", cell="l2:v"),
        ExceptionItem(ExceptionKind.QUARANTINED_PHOTO, "f", reason="the camera broke"),
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, "n"),
    ]
    counts = assess(checklist, answers, [GOOD, EXPLAINED]).result
    assert (counts.not_ok, counts.in_limits, counts.out_of_limits) == (1, 1, 2)
    assert (counts.photos, counts.quarantined, counts.comments) == (1, 1, 1)


@pytest.mark.parametrize(
    ("facts", "photos", "outcome"),
    [
        (answer("ok"), (), Outcome.PASSED),
        (answer("ok"), (GOOD,), Outcome.PASSED),
        (answer("ok", "by hand"), (), Outcome.PASSED_WITH_REMARKS),
        (answer("ok"), (EXPLAINED,), Outcome.PASSED_WITH_REMARKS),
        (answer("ok"), (GOOD, DAMAGED), Outcome.PASSED_WITH_REMARKS),
        (answer("na", why="none here"), (), Outcome.PASSED_WITH_REMARKS),
        (answer("not_ok", "cracked"), (EXPLAINED,), Outcome.FAILED),
    ],
)
def test_outcome(facts: AnswerFacts, photos: tuple[PhotoFacts, ...], outcome: Outcome) -> None:
    assert assess(definition(field("f")), {"f": facts}, photos).result.outcome is outcome


@pytest.mark.parametrize(
    ("settings", "facts", "kinds"),
    [
        ({"comment": ALWAYS}, answer("ok", "torque 40 Nm"), []),
        ({"comment": ALWAYS, "required": False}, answer("ok", "torque 40 Nm"), []),
        ({"comment": ALWAYS, "required": False}, answer(None, "seen"), [R.COMMENT]),
        ({"comment": BADLY}, answer("ok", "by hand"), [R.COMMENT]),
        ({"comment": BADLY}, answer("not_ok", "cracked"), []),
        ({}, answer("ok", "  "), []),
        ({}, answer("ok", "by hand"), [R.COMMENT]),
        ({"comment": ALWAYS}, answer("na", why="none here"), [R.NOT_APPLICABLE]),
        ({"kind": T.LONG_TEXT}, answer("the door was painted, the lamp was changed"), []),
        ({"kind": T.TEXT, "comment": ALWAYS}, answer("see there", "here"), []),
    ],
)
def test_a_required_comment_is_not_a_remark(
    settings: dict[str, object], facts: AnswerFacts, kinds: list[RemarkKind]
) -> None:
    checklist = definition(field("f", settings.pop("kind", T.VERDICT), **settings))  # type: ignore[arg-type]
    found = assess(checklist, {"f": facts}).remarks
    assert [item.kind for item in found] == kinds
    if facts.value != "not_ok":
        expected = Outcome.PASSED_WITH_REMARKS if kinds else Outcome.PASSED
        assert assess(checklist, {"f": facts}, []).result.outcome is expected


@given(st.sampled_from(list(CommentPolicy)), st.booleans(), st.sampled_from(["ok", "na", None]))
def test_a_comment_that_submit_asks_for_is_never_a_remark(
    policy: CommentPolicy, required: bool, value: str | None
) -> None:
    checklist = definition(field("f", comment=policy, required=required))
    asked = {item.kind for item in assess(checklist, {"f": answer(value)}, []).missing}
    spoken = assess(checklist, {"f": answer(value, "as asked", "why")}).remarks
    is_remark = RemarkItem(R.COMMENT, "f") in spoken
    assert is_remark != (K.COMMENT in asked)


def test_a_damaged_photo_counts_and_is_an_exception() -> None:
    checklist = definition(field("f", photos=PhotoPolicy(mode=PhotoMode.REQUIRED, min=1, max=2)))
    answers = {"f": answer("ok")}
    assert assess(checklist, answers, [DAMAGED]).missing == []
    assert assess(checklist, answers, [GOOD, DAMAGED]).exceptions == [
        ExceptionItem(ExceptionKind.DAMAGED_PHOTO, "f")
    ]
    unread = replace(DAMAGED, state=PhotoState.QUARANTINED)
    assert [item.kind for item in assess(checklist, answers, [unread]).exceptions] == [
        ExceptionKind.QUARANTINED_PHOTO
    ]


def test_doubts_are_one_exception_a_field_and_kind_and_change_no_outcome() -> None:
    checklist = definition(field("f"), field("g"))
    answers = {"f": answer("ok"), "g": answer("ok")}
    clocks, far = ExceptionKind.CLOCKS_DISAGREE, ExceptionKind.FAR_FROM_SITE
    photos = [GOOD, replace(GOOD, field_id="g"), GOOD]
    doubts = [{far, clocks}, {far}, {far}]
    assert assess(checklist, answers, photos, doubts=doubts.__getitem__).exceptions == [
        ExceptionItem(clocks, "f", photos=(0,)),
        ExceptionItem(far, "f", photos=(0, 2)),
        ExceptionItem(far, "g", photos=(1,)),
    ]
    assert assess(checklist, answers, photos).result.outcome is Outcome.PASSED


def test_out_of_limits_fails_and_na_is_listed_apart() -> None:
    checklist = definition(field("f", T.NUMBER, limits=limits("1")), field("g", T.DATE))
    answers = {"f": answer(reading("0", "0")), "g": answer(why="not today")}
    assert assess(checklist, answers, []).result.outcome is Outcome.FAILED
    assert assess(checklist, answers).na == [NaItem("g", "not today")]


facts = st.builds(
    AnswerFacts,
    st.sampled_from([None, "ok", "not_ok", "na"]),
    st.sampled_from([None, "", "words"]),
    st.sampled_from([None, "why"]),
)
photos = st.lists(
    st.builds(
        PhotoFacts,
        st.sampled_from(["a", "b"]),
        st.sampled_from(list(PhotoState)),
        st.booleans(),
        st.sampled_from([None, "why"]),
    ),
    max_size=6,
)


signatures = st.lists(st.builds(SignatureFacts, st.sampled_from(["x", "y"]), st.booleans()))


@given(st.dictionaries(st.sampled_from(["a", "b"]), facts), photos, st.booleans(), signatures)
def test_full_progress_means_that_nothing_is_missing(
    answers: dict[str, AnswerFacts],
    placed: list[PhotoFacts],
    required: bool,
    signed: list[SignatureFacts],
) -> None:
    checklist = definition(
        field("a", photos=MIN_2, comment=BADLY),
        field("b", required=required, comment=ALWAYS, photos=PhotoPolicy(gps_required=True)),
        roles=[
            SignatureRole(id="x", label=Text(en="X")),
            SignatureRole(id="y", label=Text(en="Y"), required=False),
        ],
    )
    assessment = assess(checklist, answers, placed, signed)
    missing, far = assessment.missing, assessment.progress
    # Both photos and a comment of the optional field are required only once it is begun.
    begun = any(item.field_id == "b" for item in missing)
    assert far.total == 2 + (required or begun)
    assert far.left == len({item.field_id or item.role_id for item in missing})
    assert (far.percent == 100) == (far.left == 0) == (not missing)
    to_do = [item for item in missing if item.field_id and item.kind is not K.READING]
    assert assessment.resume_at == (to_do[0].field_id if to_do else None)

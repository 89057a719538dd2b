"""The rules as tables: what is missing, how far, what it amounts to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.progress import INFO, SIGNATURES, first_open_field, progress
from app.definition.rules import (
    AnswerFacts,
    ExceptionItem,
    ExceptionKind,
    Judgement,
    MissingKind,
    NaItem,
    Outcome,
    PhotoFacts,
    PhotoState,
    RemarkItem,
    RemarkKind,
    SignatureFacts,
    exceptions,
    is_answered,
    is_na,
    judge,
    judge_cells,
    missing_items,
    na_items,
    remarks,
    result,
    verdict_of,
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
    return [item.kind for item in missing_items(definition(one), answers, photos, [])]


def said(value: object = None, comment: str | None = None, why: str | None = None) -> AnswerFacts:
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
        (None, "0.1", "0.10000000000000000000000001", "0.10000000000000000000000001",
         "out_of_limits"),
        (None, None, "7", "7", "none"),
    ],
)  # fmt: skip
def test_limits(low: str, high: str, typed: str, decimal: str, expected: str) -> None:
    one = field("f", T.NUMBER, limits=limits(low, high))
    assert judge(one, reading(typed, decimal)) == expected
    table = field("f", T.TABLE, limits=limits(low, high))
    assert judge_cells(table, {"l1:v": reading(typed, decimal)}) == {"l1:v": expected}
    assert judge(one, None) is Judgement.NONE


def test_a_table_has_one_colour() -> None:
    table = field("f", T.TABLE, limits=limits("1"))
    good, bad = reading("2", "2"), reading("0", "0")
    assert verdict_of(table, said({"l1:v": good})) is None
    assert verdict_of(table, said({"l1:v": good, "l2:v": good})) is Verdict.OK
    assert verdict_of(table, said({"l2:v": bad})) is Verdict.NOT_OK
    assert judge(table, {"l1:v": good, "l2:v": bad}) is Judgement.OUT_OF_LIMITS
    assert verdict_of(field("f", T.TEXT), said("words")) is None


def test_not_applicable() -> None:
    verdict, text = field("f"), field("f", T.TEXT)
    assert is_na(verdict, said("na"))
    assert not is_na(verdict, said(None, why="because"))
    assert is_na(text, said(None, why="because"))
    assert not is_na(text, said(None, why=" "))
    assert not is_na(text, said("words", why="because"))
    assert not is_na(field("f", T.NOTE), said(None, why="because"))
    assert is_answered(text, said(None, why="because"))
    assert verdict_of(text, said(None, why="because")) is Verdict.NA


OFF, ALWAYS, BADLY = (
    CommentPolicy.OFF, CommentPolicy.REQUIRED, CommentPolicy.REQUIRED_WHEN_NOT_OK,
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "facts", "photos", "expected"),
    [
        (field("f"), None, (), [K.ANSWER]),
        (field("f", required=False), None, (), []),
        (field("f"), said("ok"), (), []),
        (field("f"), said("na"), (), [K.NA_REASON]),
        (field("f"), said("na", why="none here"), (), []),
        (field("f", T.TEXT), said(why="none here"), (), []),
        (field("f", T.TABLE), said({"l1:v": reading("1", "1")}), (), [K.ANSWER]),
        (field("f", T.NOTE), None, (), []),
        (field("f", comment=OFF), said("not_ok"), (), []),
        (field("f", comment=ALWAYS), None, (), [K.ANSWER, K.COMMENT]),
        (field("f", comment=ALWAYS), said("ok", " "), (), [K.COMMENT]),
        (field("f", comment=ALWAYS), said("ok", "fine"), (), []),
        (field("f", comment=ALWAYS), said("na", why="none here"), (), []),
        (field("f", comment=ALWAYS, required=False), None, (), []),
        (field("f", comment=BADLY), said("ok"), (), []),
        (field("f", comment=BADLY), said("not_ok"), (), [K.COMMENT]),
        (field("f", T.NUMBER, comment=BADLY, limits=limits("1")), said(reading("0", "0")), (),
         [K.COMMENT]),
        (field("f", photos=MIN_2), said("ok"), (), [K.PHOTO]),
        (field("f", photos=MIN_2), said("na", why="none here"), (), []),
        (field("f", photos=MIN_2, required=False), None, (GOOD,), [K.PHOTO]),
        (field("f", photos=MIN_2), said("ok"), (GOOD, GOOD), []),
        (field("f", photos=MIN_2), said("ok"), (GOOD, READING), [K.READING]),
        (field("f", photos=MIN_2), said("ok"), (READING,), [K.PHOTO, K.READING]),
        (field("f", photos=MIN_2), said("ok"), (GOOD, LOST), [K.PHOTO_FAILED]),
        (field("f", photos=MIN_2), said("ok"), (GOOD, BAD), [K.QUARANTINED]),
        (field("f", photos=MIN_2), said("ok"), (GOOD, EXPLAINED), []),
        (field("f", photos=MIN_2), said("ok"), (GOOD, GOOD, BAD), []),
        (field("f", photos=MIN_2), said("ok"), (GOOD,) * 4, [K.TOO_MANY_PHOTOS]),
        (field("f", photos=MIN_2), said("ok"), (GOOD,) * 3 + (BAD,), []),
        (field("f", photos=PhotoPolicy(mode=PhotoMode.NONE)), said("ok"), (GOOD,),
         [K.TOO_MANY_PHOTOS]),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (GOOD,), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (PhotoFacts("f"),),
         [K.POSITION]),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (READING,), [K.READING]),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (BAD,), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"), (INDOORS,), []),
        (field("f", photos=PhotoPolicy(gps_required=True)), said("ok"),
         (INDOORS, replace(INDOORS, position_reason=" ")), [K.POSITION]),
        (field("f", photos=MIN_2), said("ok"), (ONE, ONE), [K.PHOTO]),
        (field("f", photos=MIN_2), said("ok"), (ONE, replace(ONE, photo="other")), []),
        (field("f", photos=MIN_2), said("ok"), (ONE, ONE, replace(ONE, photo="other")), []),
        (field("f", photos=MIN_2), said("ok"), (ONE,) * 4, [K.PHOTO, K.TOO_MANY_PHOTOS]),
    ],
)  # fmt: skip
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
def test_what_a_photo_lacks_names_the_first_that_is_meant(kind, meant):
    policy = PhotoPolicy(mode=PhotoMode.REQUIRED, min=3, max=5, gps_required=True)
    photos = [replace(GOOD, position=0), replace(meant, position=4), replace(meant, position=5)]
    items = missing_items(definition(field("f", photos=policy)), {"f": said("ok")}, photos, [])
    assert {item.photo for item in items if item.kind is kind} == {4}


def test_a_photo_that_stands_twice_is_said_to_count_once():
    items = missing_items(definition(field("f", photos=MIN_2)), {"f": said("ok")}, [ONE, ONE], [])
    assert [str(item.sentence) for item in items] == [
        "Photos: at least 2 different ones needed, 1 so far: a photo that stands here twice counts"
        " once."
    ]


def test_every_missing_item_speaks_and_names_its_place() -> None:
    role = SignatureRole(id="tech", label=Text(en="Technician"))
    items = missing_items(definition(field("f", photos=MIN_2), roles=[role]), {}, [], [])
    assert [(item.field_id, item.role_id) for item in items] == [
        ("f", None), ("f", None), (None, "tech"),
    ]  # fmt: skip
    assert [str(item.sentence) for item in items] == [
        "The answer is missing.",
        "Photos: at least 2 needed, 0 so far.",
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
    items = missing_items(definition(field("f"), roles=[role]), {"f": said("ok")}, [], signatures)
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
    missing = missing_items(checklist, {}, [], [])
    empty = progress(checklist, missing)
    assert (empty.done, empty.total, empty.left) == (1, 5, 4), "an optional question is done"
    assert empty.per_section == {INFO: (0, 1), "s1": (1, 3), SIGNATURES: (0, 1)}
    assert first_open_field(missing) == "client"
    answers = {"client": said("ACME"), "a": said("ok"), "b": said("x"), "f": said("ok")}
    missing = missing_items(checklist, answers, [], [])
    some = progress(checklist, missing)
    assert some.per_section == {INFO: (1, 1), "s1": (1, 3), SIGNATURES: (0, 1)}
    assert (some.percent, some.total) == (40, 5)
    assert first_open_field(missing) == "b"
    answers["b"] = said("x", "why")
    missing = missing_items(checklist, answers, [GOOD, READING], [SignatureFacts("tech")])
    waiting = progress(checklist, missing)
    assert waiting.per_section["s1"] == (2, 3), "the submit waits for the photo"
    assert first_open_field(missing) is None, "there is nothing to do about it"
    full = progress(
        checklist, missing_items(checklist, answers, [GOOD, GOOD], [SignatureFacts("tech")])
    )
    assert (full.done, full.total, full.percent) == (5, 5, 100)


def test_a_checklist_that_asks_nothing_is_done() -> None:
    nothing = progress(definition(field("n", T.NOTE)), [])
    assert (nothing.done, nothing.total, nothing.percent) == (0, 0, 100)


def test_exceptions_come_in_form_order_with_their_cells() -> None:
    checklist = definition(
        field("v"),
        field("f", T.TABLE, limits=limits("1")),
        field("n", T.NUMBER, limits=limits("1")),
    )
    answers = {
        "n": said(reading("0", "0")),
        "f": said({"l1:v": reading("2", "2"), "l2:v": reading("0", "0")}),
        "v": said("not_ok", "cracked"),
    }
    assert exceptions(checklist, answers, [GOOD, EXPLAINED], [(), ()]) == [
        ExceptionItem(ExceptionKind.NOT_OK, "v", reason="cracked"),
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, "f", cell="l2:v"),
        ExceptionItem(ExceptionKind.QUARANTINED_PHOTO, "f", reason="the camera broke"),
        ExceptionItem(ExceptionKind.OUT_OF_LIMITS, "n"),
    ]
    counts = result(checklist, answers, [GOOD, EXPLAINED])
    assert (counts.not_ok, counts.in_limits, counts.out_of_limits) == (1, 1, 2)
    assert (counts.photos, counts.quarantined, counts.comments) == (1, 1, 1)


@pytest.mark.parametrize(
    ("facts", "photos", "outcome"),
    [
        (said("ok"), (), Outcome.PASSED),
        (said("ok"), (GOOD,), Outcome.PASSED),
        (said("ok", "by hand"), (), Outcome.PASSED_WITH_REMARKS),
        (said("ok"), (EXPLAINED,), Outcome.PASSED_WITH_REMARKS),
        (said("ok"), (GOOD, DAMAGED), Outcome.PASSED_WITH_REMARKS),
        (said("na", why="none here"), (), Outcome.PASSED_WITH_REMARKS),
        (said("not_ok", "cracked"), (EXPLAINED,), Outcome.FAILED),
    ],
)
def test_outcome(facts: AnswerFacts, photos: tuple[PhotoFacts, ...], outcome: Outcome) -> None:
    assert result(definition(field("f")), {"f": facts}, photos).outcome is outcome


@pytest.mark.parametrize(
    ("settings", "facts", "kinds"),
    [
        ({"comment": ALWAYS}, said("ok", "torque 40 Nm"), []),
        ({"comment": ALWAYS, "required": False}, said("ok", "torque 40 Nm"), []),
        ({"comment": ALWAYS, "required": False}, said(None, "seen"), [R.COMMENT]),
        ({"comment": BADLY}, said("ok", "by hand"), [R.COMMENT]),
        ({"comment": BADLY}, said("not_ok", "cracked"), []),
        ({}, said("ok", "  "), []),
        ({}, said("ok", "by hand"), [R.COMMENT]),
        ({"comment": ALWAYS}, said("na", why="none here"), [R.NOT_APPLICABLE]),
        ({"kind": T.LONG_TEXT}, said("the door was painted, the lamp was changed"), []),
        ({"kind": T.TEXT, "comment": ALWAYS}, said("see there", "here"), []),
    ],
)
def test_what_the_checklist_demands_is_no_remark(
    settings: dict[str, object], facts: AnswerFacts, kinds: list[RemarkKind]
) -> None:
    checklist = definition(field("f", settings.pop("kind", T.VERDICT), **settings))  # type: ignore[arg-type]
    found = remarks(checklist, {"f": facts}, [])
    assert [item.kind for item in found] == kinds
    if facts.value != "not_ok":
        expected = Outcome.PASSED_WITH_REMARKS if kinds else Outcome.PASSED
        assert result(checklist, {"f": facts}, []).outcome is expected


@given(st.sampled_from(list(CommentPolicy)), st.booleans(), st.sampled_from(["ok", "na", None]))
def test_a_comment_that_submit_asks_for_is_never_a_remark(
    policy: CommentPolicy, required: bool, value: str | None
) -> None:
    checklist = definition(field("f", comment=policy, required=required))
    asked = {item.kind for item in missing_items(checklist, {"f": said(value)}, [], [])}
    spoken = remarks(checklist, {"f": said(value, "as asked", "why")}, [])
    is_remark = RemarkItem(R.COMMENT, "f") in spoken
    assert is_remark != (K.COMMENT in asked)


def test_a_damaged_photo_counts_and_is_an_exception() -> None:
    checklist = definition(field("f", photos=PhotoPolicy(mode=PhotoMode.REQUIRED, min=1, max=2)))
    answers = {"f": said("ok")}
    assert missing_items(checklist, answers, [DAMAGED], []) == []
    assert exceptions(checklist, answers, [GOOD, DAMAGED], [(), ()]) == [
        ExceptionItem(ExceptionKind.DAMAGED_PHOTO, "f")
    ]
    unread = replace(DAMAGED, state=PhotoState.QUARANTINED)
    assert [item.kind for item in exceptions(checklist, answers, [unread], [()])] == [
        ExceptionKind.QUARANTINED_PHOTO
    ]


def test_doubts_are_one_exception_a_field_and_kind_and_change_no_outcome() -> None:
    checklist = definition(field("f"), field("g"))
    answers = {"f": said("ok"), "g": said("ok")}
    clocks, far = ExceptionKind.CLOCKS_DISAGREE, ExceptionKind.FAR_FROM_SITE
    photos = [GOOD, replace(GOOD, field_id="g"), GOOD]
    assert exceptions(checklist, answers, photos, [{far, clocks}, {far}, {far}]) == [
        ExceptionItem(clocks, "f", photos=(0,)),
        ExceptionItem(far, "f", photos=(0, 2)),
        ExceptionItem(far, "g", photos=(1,)),
    ]
    assert result(checklist, answers, photos).outcome is Outcome.PASSED


def test_out_of_limits_fails_and_na_is_listed_apart() -> None:
    checklist = definition(field("f", T.NUMBER, limits=limits("1")), field("g", T.DATE))
    answers = {"f": said(reading("0", "0")), "g": said(why="not today")}
    assert result(checklist, answers, []).outcome is Outcome.FAILED
    assert na_items(checklist, answers) == [NaItem("g", "not today")]


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
    missing = missing_items(checklist, answers, placed, signed)
    far = progress(checklist, missing)
    assert far.total == 4
    assert far.left == len({item.field_id or item.role_id for item in missing})
    assert (far.percent == 100) == (far.left == 0) == (not missing)
    to_do = [item for item in missing if item.field_id and item.kind is not K.READING]
    assert first_open_field(missing) == (to_do[0].field_id if to_do else None)

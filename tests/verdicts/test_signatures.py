"""Signing on a phone: a signature is stored only for what its signer saw."""

from __future__ import annotations

import io
import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import PhotoVerdict, Signature
from app.photos.placing import (
    caption_photo,
    explain_photo,
    explain_position,
    remove_photo,
)
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.operations import STROKES, drawn
from tests.support.phone import Phone


@pytest.fixture
def signing():
    def on(phone):
        def send(seen: object = None, **more):
            parts = {
                "image": (io.BytesIO(drawn()), "image"),
                "strokes": (io.BytesIO(json.dumps(STROKES).encode()), "strokes"),
            }
            if seen is not None:
                more["seen"] = seen if isinstance(seen, str) else json.dumps(seen)
            entries = {"role_id": "technician", "signer_name": "Rui Signer", **more}
            return phone.send("signature", **entries, **parts)

        return send

    return on


@pytest.fixture
def sign(signing, tess):
    return signing(tess)


@pytest.fixture
def signatures(acting, cast):
    def count() -> int:
        with acting(cast.ana):
            return db.session.scalar(select(func.count()).select_from(Signature)) or 0

    return count


def test_what_was_seen_is_signed(tess, sign, signatures):
    tess.answer("customer", "Lobo")
    second = str(uuid4())
    tess.answer("remarks", "Fine", client_id=second)
    verdict = sign({"fields": {"customer|": 1, "remarks|": second}, "photos": {}})
    assert verdict["verdict"] == "applied" and "Rui Signer" in verdict["fragment"]
    assert 'id="fill-progress"' in verdict["fragment"]
    assert signatures() == 1


@pytest.mark.parametrize(
    "seen",
    [{"fields": {}}, {"fields": {"customer|": 1}}, {"fields": {"customer|": 2, "remarks|": 1}}],
)
def test_another_persons_change_is_a_conflict_and_nothing_is_signed(
    tess, max_, sign, signatures, seen
):
    tess.answer("customer", "Lobo")
    max_.answer("customer", "Lobo Ltd", base=1)
    sent = str(uuid4())
    verdict = sign(seen, client_id=sent)
    assert verdict["verdict"] == "conflict" and signatures() == 0
    if seen == {"fields": {"customer|": 2, "remarks|": 1}}:
        assert "Remarks" in verdict["sentence"]
    else:
        assert "Max Manager" in verdict["sentence"] and "Customer" in verdict["sentence"]


def test_a_conflict_is_told_again_with_its_sentence(tess, max_, sign, signatures):
    max_.answer("customer", "Lobo")
    sent, seen = str(uuid4()), {"fields": {}}
    first = sign(seen, client_id=sent)
    again = sign(seen, client_id=sent)
    assert (again["verdict"], again["was"]) == ("known", "conflict")
    assert again["sentence"] == first["sentence"] and signatures() == 0


def test_a_value_in_conflict_is_not_what_would_be_signed(tess, max_, sign, signatures):
    max_.answer("customer", "Theirs")
    mine = str(uuid4())
    assert tess.answer("customer", "Mine", client_id=mine)["verdict"] == "conflict"
    assert sign({"fields": {"customer|": mine}})["verdict"] == "conflict"
    assert signatures() == 0


def test_a_signature_waits_for_the_answers_that_were_seen(tess, sign, signatures):
    later = str(uuid4())
    seen = {"fields": {"customer|": later}}
    sent = str(uuid4())
    early = sign(seen, client_id=sent)
    assert (early["verdict"], early["needs"]) == ("early", "predecessor") and signatures() == 0
    tess.answer("customer", "Lobo", client_id=later)
    assert sign(seen, client_id=sent)["verdict"] == "applied" and signatures() == 1


def test_photos_are_compared_in_their_order(tess, sign, acting, cast, report_id, signatures):
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        first, second = (
            str(scenarios.place_of(scenarios.a_photo(report, "enclosure", actor, position=at)).id)
            for at in (0, 1)
        )
    assert sign({"photos": {"enclosure|": [second, first]}})["verdict"] == "conflict"
    assert sign({"photos": {"enclosure|": [first]}})["verdict"] == "conflict"
    assert sign({"photos": {"enclosure|": [first, second, str(uuid4())]}})["verdict"] == "early"
    with acting(cast.max) as actor:
        remove_photo(placement_id=second, actor=actor)
        db.session.commit()
    gone = sign({"photos": {"enclosure|": [first, second]}})
    assert gone["verdict"] == "conflict" and "Enclosure" in gone["sentence"]
    assert signatures() == 0
    assert sign({"photos": {"enclosure|": [first]}})["verdict"] == "applied"


def test_captions_are_compared_as_they_were_shown(tess, sign, acting, cast, report_id, signatures):
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        placement = scenarios.place_of(scenarios.a_photo(report, "enclosure", actor))
        caption_photo(placement_id=placement.id, caption="Busbar L1", actor=actor)
        db.session.commit()
        here = str(placement.id)
    photos = {"enclosure|": [here]}
    for other in ({}, {here: "Busbar L2"}):
        verdict = sign({"photos": photos, "captions": other})
        assert verdict["verdict"] == "conflict" and "Enclosure" in verdict["sentence"]
    assert signatures() == 0
    shown = {here: " Busbar  L1 "}
    assert sign({"photos": photos, "captions": shown})["verdict"] == "applied"


@pytest.mark.parametrize(
    "seen",
    [
        "x",
        '{"captions": []}',
        '{"captions": {"x": "y"}}',
        pytest.param(f'{{"captions": {{"{UUID(int=1)}": "{"y" * 501}"}}}}', id="long caption"),
        "[]",
        '{"fields": []}',
        '{"photos": {"a|": 5}}',
        '{"photos": {"a|": null}}',
        '{"photos": {"a|": {}}}',
        '{"reason": {"x": "y"}}',
        '{"position_reason": []}',
        '{"fields": {"a|": "x"}}',
        '{"photos": {"a|": ["x"]}}',
        pytest.param("[" * 10_000, id="deep"),
    ],
)
def test_what_cannot_be_compared_is_refused(sign, signatures, seen):
    verdict = sign(seen)
    assert (verdict["verdict"], verdict["status"]) == ("refused", 422)
    assert signatures() == 0


def test_nothing_is_signed_without_what_was_seen(tess, max_, sign, signatures):
    max_.answer("customer", "Lobo")
    verdict = sign()
    assert (verdict["verdict"], verdict["status"]) == ("refused", 422) and signatures() == 0


@pytest.mark.parametrize(
    ("part", "photo", "explain"),
    [
        ("reason", {"verdict": PhotoVerdict.QUARANTINED}, explain_photo),
        ("position_reason", {"has_position": False}, explain_position),
    ],
)
def test_reasons_are_compared_as_they_were_shown(
    client_of, acting, cast, signing, signatures, part, photo, explain
):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, scenarios.a_definition_with_positions())
        report = scenarios.a_report(actor, version=version)
        placed = scenarios.place_of(scenarios.a_photo(report, "enclosure", actor, **photo)).id
        report_id, here = report.id, str(placed)
    with acting(cast.max) as actor:
        explain(placement_id=placed, reason="Behind the\npanel", actor=actor)
        db.session.commit()
    sign = signing(Phone(client_of(cast.tess), report_id))
    photos = {"enclosure|": [here]}
    for other in ({}, {part: {}}, {part: {here: "Behind the door"}}):
        verdict = sign({"photos": photos, **other})
        assert verdict["verdict"] == "conflict" and "Enclosure" in verdict["sentence"]
    assert signatures() == 0
    shown = {part: {here: " Behind the\r\npanel "}}
    assert sign({"photos": photos, **shown})["verdict"] == "applied"


def test_a_signature_after_thousands_of_operations_is_read_whole(tess, sign, signatures):
    """A phone names all that it had not sent when the signature was made."""
    sent = [tess.answer("remarks", str(at), base=at)["client_id"] for at in range(2)]
    others = [str(uuid4()) for _one in range(3_000)]
    assert sign({"fields": {"remarks|": 2}}, after=[*sent, *others])["verdict"] == "early"
    seen = {"fields": {"remarks|": 2}, "photos": {}, "captions": {}}
    captions = {str(uuid4()): "Ω" * 200 for _one in range(2_000)}
    long = sign({**seen, "photos": {}, "captions": captions}, after=sent)
    assert long["verdict"] == "applied" and signatures() == 1


def test_an_unreadable_drawing_is_refused_and_an_unknown_role_names_nothing(tess):
    bad = tess.send("signature", role_id="technician", signer_name="Rui", seen="{}")
    assert (bad["verdict"], bad["status"]) == ("refused", 422) and "Draw" in bad["sentence"]
    assert tess.post("signature", role_id="nobody", signer_name="Rui").status_code == 404
    assert tess.post("withdrawal", role_id="nobody").status_code == 404

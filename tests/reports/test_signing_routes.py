"""Signing over HTTP: drawn or as an image, void after a change, withdrawn."""

from __future__ import annotations

import io
import json
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Signature
from app.reports.signing.strokes import BadStrokes, parse_strokes
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
STROKES = {
    "width": 358,
    "height": 200,
    "strokes": [[[10, 20, 1700000000000], [30.123, 40, 1700000000016]]],
}


def picture(kind="PNG", size=(358, 200)) -> bytes:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).line((10, 10, size[0] - 10, size[1] - 10), "navy", 4)
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def blank(dot=False) -> bytes:
    image = Image.new("RGBA", (358, 200), (255, 255, 255, 0))
    if dot:
        ImageDraw.Draw(image).ellipse((100, 100, 104, 104), "navy")
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def tap(*strokes) -> bytes:
    return json.dumps({**STROKES, "strokes": strokes}).encode()


def drawing(**changes):
    """The pad's request; None leaves a part out."""
    parts = {
        "signer_name": "Rui Signer",
        "client_id": str(uuid4()),
        "client_at": "2026-03-31T14:05:09Z",
        "image": (io.BytesIO(picture()), "signature.png"),
        "strokes": (io.BytesIO(json.dumps(STROKES).encode()), "strokes.json"),
        **changes,
    }
    return {name: part for name, part in parts.items() if part is not None}


@pytest.fixture
def report_id(acting, cast):
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def sign(client, report_id, role="technician", headers=HTMX, **changes):
    return client.post(
        f"/reports/{report_id}/signatures/{role}", data=drawing(**changes), headers=headers
    )


def signatures_of(acting, cast, report_id):
    with acting(cast.tess):
        rows = db.session.scalars(
            select(Signature).where(Signature.report_id == report_id).order_by(Signature.created_at)
        ).all()
        db.session.expunge_all()
        return rows


def test_a_drawn_signature_is_stored_served_and_audited(acting, cast, tess, report_id):
    answer = sign(tess, report_id)
    assert answer.status_code == 200 and 'data-state="signed"' in answer.text
    (row,) = signatures_of(acting, cast, report_id)
    assert row.signer_name == "Rui Signer" and row.strokes["strokes"][0][1][0] == 30.12
    image = tess.get(f"/reports/{report_id}/signatures/{row.id}.png")
    assert image.status_code == 200 and image.content_type == "image/png"
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in image.headers["Content-Security-Policy"]
    assert Image.open(io.BytesIO(image.data)).size == (358, 200)
    with acting(cast.tess):
        (entry,) = list_entries("report", report_id)
        assert entry.action == "signature.taken"
        assert entry.facts["facts"]["image_sha256"] == row.image_sha256


def test_without_scripts_an_image_is_enough(acting, cast, tess, report_id):
    photo = (io.BytesIO(picture("JPEG", (2400, 1600))), "../../signature.jpg")
    answer = sign(tess, report_id, headers={}, image=photo, strokes=None, client_id=None)
    assert answer.status_code == 303
    assert answer.location.endswith("fill?at=signatures#signature-technician")
    page = tess.get(answer.location)
    assert "Rui Signer" in page.text
    (row,) = signatures_of(acting, cast, report_id)
    assert row.strokes is None
    stored = tess.get(f"/reports/{report_id}/signatures/{row.id}.png")
    assert Image.open(io.BytesIO(stored.data)).format == "PNG"


def test_a_later_change_voids_the_signature_and_signing_again_mends_it(tess, report_id):
    sign(tess, report_id)
    place = f"/reports/{report_id}/signatures/technician"
    assert 'data-state="signed"' in tess.get(place, headers=HTMX).text
    save = f"/reports/{report_id}/fields/customer"
    changed = tess.post(save, data={"value": "Lobo", "row_version": "0"}, headers=HTMX)
    assert changed.headers["HX-Trigger"] == "content-changed"
    void = tess.get(place, headers=HTMX).text
    assert 'data-state="void"' in void and "Sign again" in void and "data-signature-pad" in void
    assert "Sign again" in tess.get(f"/reports/{report_id}/review").text
    sign(tess, report_id)
    assert 'data-state="signed"' in tess.get(place, headers=HTMX).text
    # After undoing the change, the report has the signed content again.
    tess.post(save, data={"value": "", "row_version": "1"}, headers=HTMX)
    assert 'data-state="void"' in tess.get(place, headers=HTMX).text


def test_a_signature_can_be_withdrawn(acting, cast, tess, report_id):
    sign(tess, report_id)
    for _twice in range(2):
        answer = tess.post(f"/reports/{report_id}/signatures/technician/withdraw")
        assert answer.status_code == 303
    rows = signatures_of(acting, cast, report_id)
    assert [row.withdrawn for row in rows] == [False, True]
    place = tess.get(f"/reports/{report_id}/signatures/technician", headers=HTMX)
    assert 'data-state="open"' in place.text


def test_a_double_submit_is_one_signature(acting, cast, tess, report_id):
    client_id = str(uuid4())
    for _twice in range(2):
        assert sign(tess, report_id, client_id=client_id).status_code == 200
    assert len(signatures_of(acting, cast, report_id)) == 1
    assert sign(tess, report_id, "client", client_id=client_id).status_code == 409
    # Otherwise the first signer's name would stay without an error message.
    other = sign(tess, report_id, client_id=client_id, signer_name="Another Name")
    assert other.status_code == 409
    assert "has the same id as another one" in other.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signer_name": " \x00 "}, "signer's name"),
        ({"signer_name": "x" * 121}, "signer's name"),
        ({"image": None}, "Draw the signature"),
        ({"image": b"not a picture"}, "could not be read"),
        ({"image": b"\x89PNG\r\n\x1a\n" + b"0" * 600_000}, "larger than 200 kB"),
        ({"image": b"\xff\xd8\xff" + b"0" * 5_300_000, "strokes": None}, "larger than 5,242 kB"),
        ({"strokes": b"[]"}, "Draw the signature"),
        ({"strokes": b'{"width": 1, "height": 1, "strokes": []}'}, "Draw the signature"),
        ({"strokes": b'{"width": NaN, "height": 1, "strokes": [[[1, 1]]]}'}, "Draw the signature"),
        ({"strokes": b"[" * 90_000}, "Draw the signature"),
        ({"image": blank()}, "not a signature. Draw the full"),
        ({"image": blank(), "strokes": None}, "not a signature. Draw the full"),
        ({"image": blank(dot=True), "strokes": None}, "not a signature. Draw the full"),
        ({"strokes": tap([[10, 20, 1]])}, "not a signature. Draw the full"),
        ({"strokes": tap([[10, 20, 1], [12, 21, 9], [10, 20, 17]])}, "not a signature. Draw"),
        ({"strokes": tap([[10, 20, 1]], [[300, 20, 9]])}, "not a signature. Draw the full"),
    ],
)
def test_what_is_no_signature_is_refused_with_a_sentence(
    acting, cast, tess, report_id, changes, words
):
    parts = {
        name: (io.BytesIO(part), "file.png") if isinstance(part, bytes) else part
        for name, part in changes.items()
    }
    answer = sign(tess, report_id, **parts)
    assert answer.status_code == 422 and words in answer.text
    assert answer.content_type.startswith("text/plain")
    assert signatures_of(acting, cast, report_id) == []


def test_strokes_are_points_and_nothing_else():
    assert parse_strokes(json.dumps(STROKES).encode())["strokes"][0][0] == [10, 20, 1700000000000]
    for bad in (
        b"",
        b"null",
        b'"x"',
        b'{"width":1,"height":1,"strokes":[1]}',
        b'{"width":1,"height":1,"strokes":[[["a",1]]]}',
        b'{"width":true,"height":1,"strokes":[]}',
        b'{"width":1,"height":1,"strokes":[[[1,1,1,1]]]}',
        b'{"width":1,"height":1,"strokes":[[]]}',
        b'{"width":1,"height":1,"strokes":[[[1e400,1]]]}',
        b" " * 100_001,
    ):
        with pytest.raises(BadStrokes):
            parse_strokes(bad)


def test_what_does_not_exist_is_404_and_a_closed_report_409(acting, cast, tess, report_id):
    assert sign(tess, report_id, "nobody").status_code == 404
    assert tess.get(f"/reports/{report_id}/signatures/{uuid4()}.png").status_code == 404
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.completed(report, actor)
        closed = report.id
    assert sign(tess, closed).status_code == 409
    assert tess.post(f"/reports/{closed}/signatures/client/withdraw").status_code == 409


def test_others_may_not_sign_or_see(acting, client_of, cast, tess, anonymous, report_id):
    sign(tess, report_id)
    (row,) = signatures_of(acting, cast, report_id)
    image = f"/reports/{report_id}/signatures/{row.id}.png"
    for person, signing, seeing in (
        (cast.otto, 404, 404),
        (cast.tom, 404, 404),
        (cast.vera, 403, 404),
        (cast.sam, 403, 403),
    ):
        client = client_of(person)
        assert sign(client, report_id).status_code == signing
        assert client.post(f"{image[:-4]}/withdraw").status_code == signing
        assert client.get(image).status_code == seeing
        place = client.get(f"/reports/{report_id}/signatures/technician")
        assert place.status_code == seeing
    assert sign(anonymous, report_id).status_code == 401
    assert "/login" in anonymous.get(image).location
    assert client_of(cast.max).get(image).status_code == 200


def test_a_signature_of_one_report_is_not_served_under_another(acting, cast, tess, report_id):
    sign(tess, report_id)
    (row,) = signatures_of(acting, cast, report_id)
    with acting(cast.tess) as actor:
        other = scenarios.a_report(actor).id
    assert tess.get(f"/reports/{other}/signatures/{row.id}.png").status_code == 404

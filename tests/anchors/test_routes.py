"""An admin downloads the company's anchors from the page of the audit chain."""

from __future__ import annotations

import pytest

from app.anchors.jobs import anchor_all
from app.anchors.lines import read_line
from app.evidence.service import record
from app.extensions import db
from app.rows import own_tenant
from tests.support.markup import without_token

HX = {"HX-Request": "true"}


@pytest.fixture
def anchored(app, acting, cast, monkeypatch) -> None:
    """One anchor for each of two companies, and no place outside."""
    monkeypatch.setitem(app.config, "ANCHOR_DIR", None)
    for person in (cast.ana, cast.otto):
        with acting(person) as actor:
            record("tenant.settings_changed", own_tenant(), actor, n="1")
            db.session.commit()
    with app.app_context():
        for _done in anchor_all(lambda: False):
            db.session.commit()


def test_the_file_has_the_companys_own_anchors_signed(app, client_of, cast, anchored) -> None:
    answer = client_of(cast.ana).get("/audit/anchors.jsonl")
    assert answer.content_type == "application/x-ndjson"
    assert "anchors-" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    (line,) = answer.text.splitlines()
    with app.app_context():
        claim = read_line(line)
    assert claim.is_genuine
    assert (claim.tenant_id, claim.sequence) == (cast.acme, 1)


@pytest.mark.parametrize("name", ["max", "tess", "vera"])
def test_other_roles_get_403(client_of, cast, name: str) -> None:
    assert client_of(getattr(cast, name)).get("/audit/anchors.jsonl").status_code == 403


def test_logged_out_leads_to_the_login(anonymous) -> None:
    assert "/login" in anonymous.get("/audit/anchors.jsonl").headers["Location"]


def test_the_page_and_its_fragment_offer_the_file(client_of, cast, anchored) -> None:
    ana = client_of(cast.ana)
    page, part = ana.get("/audit/chain").text, ana.get("/audit/chain", headers=HX).text
    assert "1 anchor." in page
    assert 'href="/audit/anchors.jsonl"' in page
    assert without_token(part).strip() in without_token(page)


def test_before_the_first_hour_the_page_says_so(client_of, cast) -> None:
    page = client_of(cast.ana).get("/audit/chain").text
    assert "No anchor has been made yet" in page
    assert "/audit/anchors.jsonl" not in page


def test_the_key_is_public_and_sets_no_cookie(anonymous) -> None:
    answer = anonymous.get("/anchors.pem")
    assert answer.text.startswith("-----BEGIN PUBLIC KEY-----")
    assert "Set-Cookie" not in answer.headers

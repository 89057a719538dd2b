"""The public page of a report: what it says to people without an account, and what it never says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Project, Report, ReportStatus, Verification
from tests.support.checking import a_finished_report, a_pdf, a_revision, token_of
from tests.support.companies import company_as
from tests.support.pictures import sha256_of
from tests.support.scenarios import a_report
from tests.support.suspension import SUSPENDED

UNKNOWN = "0" * 32


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(text.split())


@pytest.fixture
def token(acting, cast) -> str:
    with acting(cast.tess) as actor:
        return token_of(a_finished_report(actor, number="ATS-0042"))


def test_a_completed_report_is_valid_with_its_data(anonymous, token, cast):
    answer = anonymous.get(f"/v/{token}")
    said = words(answer)
    assert answer.status_code == 200
    assert "Valid This report was completed" in said
    assert "ATS-0042-R0" in said
    assert "Acme" in said
    assert "Passed" in said
    assert sha256_of(b"%PDF one") in said
    assert f"7:{'ab' * 32}" in said


def test_it_names_no_person_project_photo_or_place(anonymous, acting, cast):
    with acting(cast.tess) as actor:
        report = a_finished_report(actor, title="Hall of Mr Secretly")
        project = db.session.scalars(select(Project).where(Project.id == report.project_id)).one()
        project.name, project.client = "Hidden site", "Hidden client"
        project.address = "Hidden street 1"
        db.session.commit()
        token = token_of(report)
    page = anonymous.get(f"/v/{token}").get_data(as_text=True)
    for hidden in ("Tess", "Hidden", "Secretly", str(report.id), str(cast.acme), '<img src="/p'):
        assert hidden not in page


def test_newest_pdf_comes_first_and_earlier_ones_follow(anonymous, acting, cast):
    with acting(cast.tess) as actor:
        report = a_finished_report(actor)
        older = a_pdf(report, actor, b"%PDF before", minutes_ago=60)
        preview = a_pdf(report, actor, b"%PDF preview", minutes_ago=90, is_preview=True)
        token = token_of(report)
    page = anonymous.get(f"/v/{token}").get_data(as_text=True)
    listed = page[page.index('id="fingerprints"') :]
    assert listed.index(sha256_of(b"%PDF one")) < listed.index(older)
    assert preview not in listed
    kinds = dict(re.findall(r'<data value="(\w+)" data-kind="(\w+)"', page))
    assert kinds == {sha256_of(b"%PDF one"): "newest", older: "earlier", preview: "preview"}


def test_a_later_completed_revision_supersedes_it_and_an_open_one_does_not(anonymous, acting, cast):
    with acting(cast.tess) as actor:
        first = a_finished_report(actor, number="ATS-7")
        open_one = a_revision(first, actor, 1, is_finished=False)
        tokens = token_of(first), token_of(open_one)
    assert "Valid" in words(anonymous.get(f"/v/{tokens[0]}"))
    assert "Not completed yet" in words(anonymous.get(f"/v/{tokens[1]}"))
    with acting(cast.tess) as actor:
        report = db.session.scalars(select(Report).where(Report.check_token == tokens[1])).one()
        report.discarded_at = datetime.now(UTC)
        db.session.commit()
        first = db.session.scalars(select(Report).where(Report.check_token == tokens[0])).one()
        second = a_revision(first, actor, 2)
        of_second = a_pdf(second, actor, b"%PDF two")
        tokens = (*tokens, token_of(second))
    page = anonymous.get(f"/v/{tokens[0]}")
    assert "Superseded by R2" in words(page)
    assert f"/v/{tokens[2]}" in page.text
    assert f'value="{of_second}" data-kind="revision" data-name="R2"' in page.text
    assert "Never completed" in words(anonymous.get(f"/v/{tokens[1]}"))
    assert "Valid" in words(anonymous.get(f"/v/{tokens[2]}"))


def test_another_number_or_company_supersedes_nothing(anonymous, acting, cast):
    with acting(cast.tess) as actor:
        token = token_of(a_finished_report(actor, number="SAME-1"))
        a_revision(a_finished_report(actor, number="OTHER-1"), actor, 1)
    with acting(cast.otto) as actor:
        a_revision(a_finished_report(actor, number="SAME-1"), actor, 3)
    page = anonymous.get(f"/v/{token}")
    assert "Valid" in words(page)
    assert page.text.count("<data ") == 1


def test_an_archived_report_and_that_of_a_suspended_company_stay_valid(
    app, anonymous, acting, cast, token
):
    with acting(cast.ana):
        report = db.session.scalars(select(Report).where(Report.check_token == token)).one()
        report.status, report.archived_at = ReportStatus.ARCHIVED, datetime.now(UTC)
        db.session.commit()
    with company_as(app, cast.acme, **SUSPENDED):
        assert "Valid" in words(anonymous.get(f"/v/{token}"))


def test_a_report_whose_data_differ_is_not_called_valid(anonymous, acting, cast, token):
    with acting(cast.ana):
        report = db.session.scalars(select(Report).where(Report.check_token == token)).one()
        db.session.add(Verification(report_id=report.id, differences=[{"part": "answers"}]))
        db.session.commit()
    said = words(anonymous.get(f"/v/{token}"))
    assert "Not confirmed" in said
    assert "Valid" not in said


def test_an_open_report_shows_no_hash_and_no_comparison(anonymous, acting, cast):
    with acting(cast.tess) as actor:
        report = a_report(actor)
        digest = a_pdf(report, actor, b"%PDF preview", is_preview=True)
        token = token_of(report)
    page = anonymous.get(f"/v/{token}")
    assert page.status_code == 200
    assert "Not completed yet" in words(page)
    assert digest not in page.text
    assert "Compare a file" not in page.text


HOSTILE = (
    UNKNOWN,
    "x",
    "' or true --",
    "%25",
    "..%2f..%2fetc",
    "<script>alert(1)</script>",
    "%F0%9F%98%80",
    "%ff%fe",
    "a" * 2000,
    "{{7*7}}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_token_of_any_form_is_unknown(anonymous, token, hostile):
    answer = anonymous.get(f"/v/{hostile}")
    assert answer.status_code == 404
    assert "No report has this address" in words(answer)
    assert "<script>alert" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_line_ends_make_no_header(anonymous):
    answer = anonymous.get("/v/%0d%0aSet-Cookie:%20planted=b")
    assert answer.status_code == 404
    assert "planted" not in str(answer.headers)


def test_a_nul_is_refused(anonymous):
    assert anonymous.get("/v/a%00b").status_code == 400


@pytest.mark.parametrize(
    "typed",
    [
        str.upper,
        lambda token: f"%20{token}%20",
        lambda token: f"{token}/",
        lambda token: f"{token}.",
    ],
)
def test_capitals_blanks_and_ends_of_a_typed_token_are_forgiven(anonymous, token, typed):
    assert "Valid" in words(anonymous.get(f"/v/{typed(token)}"))


@pytest.mark.parametrize("path", ["", UNKNOWN, "known"])
def test_headers_forbid_indexing_keeping_and_passing_on(anonymous, token, path):
    answer = anonymous.get(f"/v/{token if path == 'known' else path}")
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Accept-Language" in answer.vary
    assert '<meta name="robots" content="noindex' in answer.text


def test_no_cookie_is_set_and_the_readers_own_is_not_read(client_of, cast, token, queries):
    client = client_of(cast.tess)
    with queries() as seen:
        answer = client.get(f"/v/{token}")
    assert "Set-Cookie" not in answer.headers
    assert "Tess" not in answer.text
    assert not [one for one in seen.statements if "find_identity" in one]


@pytest.mark.parametrize(
    ("query", "accepts", "lang", "said"),
    [
        ("", "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR", "Válido"),
        ("", "en-GB,en;q=0.9,pt;q=0.8", "en", "Valid"),
        ("", "fr", "en", "Valid"),
        ("?lang=pt_BR", "en", "pt-BR", "Válido"),
        ("?lang=en", "pt-BR", "en", "Valid"),
        ("?lang=xx", "pt-BR", "pt-BR", "Válido"),
    ],
)
def test_the_language_is_that_of_the_address_else_of_the_browser(
    anonymous, token, query, accepts, lang, said
):
    answer = anonymous.get(f"/v/{token}{query}", headers={"Accept-Language": accepts})
    assert f'<html lang="{lang}">' in answer.text
    assert f'<h1 id="verdict">{said}</h1>' in answer.text


def test_the_form_leads_to_the_page_from_a_token_or_an_address(anonymous, token):
    for typed in (token, f"https://laudo.example/v/{token}", f" laudo.example/v/{token}/ "):
        answer = anonymous.get("/v/", query_string={"code": typed, "lang": "pt_BR"})
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/v/{token}?lang=pt_BR"


def test_the_form_leads_to_no_other_site(anonymous):
    answer = anonymous.get("/v/", query_string={"code": "https://evil.test//evil.test"})
    assert answer.headers["Location"] == "/v/evil.test"


def test_one_address_may_check_only_so_often(app, anonymous, token, monkeypatch):
    monkeypatch.setitem(app.config, "CHECKS_PER_MINUTE", 3)
    at = {"environ_base": {"REMOTE_ADDR": "198.51.100.7"}}
    statuses = [anonymous.get(f"/v/{path}", **at).status_code for path in (token, UNKNOWN, token)]
    refused = anonymous.get(f"/v/{token}", **at)
    assert statuses == [200, 404, 200]
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert "Set-Cookie" not in refused.headers
    other = anonymous.get(f"/v/{token}", environ_base={"REMOTE_ADDR": "198.51.100.8"})
    assert other.status_code == 200


def test_known_and_unknown_tokens_cost_the_same_statements(anonymous, token, queries):
    anonymous.get(f"/v/{token}")
    with queries() as known:
        anonymous.get(f"/v/{token}")
    with queries() as unknown:
        anonymous.get(f"/v/{UNKNOWN}")
    assert steps(known.statements) == steps(unknown.statements)


def steps(statements: list[str]) -> list[str]:
    return [re.sub(r"savepoint_\d+", "savepoint", one) for one in statements]


def test_a_page_takes_five_statements(anonymous, token, queries):
    anonymous.get(f"/v/{token}")
    with queries() as seen:
        anonymous.get(f"/v/{token}")
    assert len([one for one in seen.statements if "SAVEPOINT" not in one]) <= 5, seen.statements


def test_a_post_is_refused(anonymous, token):
    assert anonymous.post(f"/v/{token}").status_code == 405

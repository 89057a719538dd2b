"""Contacts of companies and clients: validation, storage and printing."""

from __future__ import annotations

import json
import re
from io import BytesIO

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select

from app.branding.service import Brand, brand_tenant
from app.contact import (
    MAX_WEBSITE,
    PARTS,
    Contact,
    InvalidContact,
    contact_of,
    find_tax_number_warning,
    tidy_email,
    tidy_phone,
    tidy_tax_number,
    tidy_website,
)
from app.documents.service import request_document
from app.evidence.queries import list_entries
from app.exports.company.tables import tables
from app.extensions import db
from app.jobs import runner
from app.models import Document, Project, Snapshot, Tenant
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.stored import storage

FULL = {
    "address": "Rua 1, 20\nSão Paulo",
    "phone": "+55 (11) 4002-8922",
    "email": "office@acme.example",
    "website": "https://www.acme.example",
    "tax_number": "11.222.333/0001-81",
}


def typed(**changes: str) -> dict[str, str]:
    return {f"contact_{part}": value for part, value in {**FULL, **changes}.items()}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("www.acme.com", "https://www.acme.com"),
        ("http://Acme.COM/", "https://acme.com"),
        ("HTTPS://acme.com/Reports?of=1", "https://acme.com/Reports?of=1"),
        ("//acme.com", "https://acme.com"),
        ("acme.com:8443/x", "https://acme.com:8443/x"),
        ("https://bücher.example", "https://bücher.example"),
        (" acme.com.br ", "https://acme.com.br"),
    ],
)
def test_a_website_is_kept_with_https(text: str, kept: str) -> None:
    assert tidy_website(text) == kept == tidy_website(kept)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//acme.com",
        "data:text/html,x",
        "javascript:1",
        "ftp://acme.com",
        "mailto:a@b.com",
        "file:///etc/passwd",
        "https://u:p@acme.com",
        "https://acme.com@evil.com",
        "acme",
        "localhost",
        "https://",
        "127.0.0.1",
        "https://[::1]/",
        'acme.com/"><script>',
        "acme.com\\@evil.com",
        "acme.com/a b",
        "acme.com:99999",
        "a\u202ecme.com",
        "acme.com/\u202egpj.exe",
        "acme.com/\u200b",
        "acme.com?x=\u2066a\u2069",
        "acme.com/\U000e0041",
        "acme.com/\ud800",
        "https:///acme.com",
        f"acme.com/{'x' * MAX_WEBSITE}",
        "acme..com",
    ],
)
def test_an_invalid_website_is_refused(text: str) -> None:
    with pytest.raises(InvalidContact):
        tidy_website(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+55 11 4002-8922", "+55 11 4002-8922"),
        ("  (11)  4002.8922 / 8923 ", "(11) 4002.8922 / 8923"),
        ("0800 123 456 ramal 7", "0800 123 456 ramal 7"),
    ],
)
def test_a_telephone_stays_as_it_was_typed(text: str, kept: str) -> None:
    assert tidy_phone(text) == kept


@pytest.mark.parametrize("text", ["call us", "12", "<b>123</b>", "123\u202e456", "1234567=8"])
def test_an_invalid_telephone_is_refused(text: str) -> None:
    with pytest.raises(InvalidContact):
        tidy_phone(text)


def test_an_email_is_validated_as_for_accounts() -> None:
    assert tidy_email(" Office@ACME.example ") == "office@acme.example"
    for text in ("acme.example", "a@b", "a b@c.example", "a@b\u200b.example"):
        with pytest.raises(InvalidContact):
            tidy_email(text)


@pytest.mark.parametrize(
    ("number", "doubted"),
    [
        ("11.222.333/0001-81", False),
        ("11444777000161", False),
        ("11.222.333/0001-82", True),
        ("11222333000118", True),
        ("00.000.000/0000-00", True),
        ("DE 123456789", False),
        ("US 12-3456789", False),
        ("123", False),
    ],
)
def test_wrong_check_digits_give_only_a_warning(number: str, doubted: bool) -> None:
    assert tidy_tax_number(number) == number
    assert bool(find_tax_number_warning(number)) is doubted


@pytest.mark.parametrize("text", ["--", "<1>", "1;2"])
def test_an_invalid_tax_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidContact):
        tidy_tax_number(text)


def test_the_companys_contact_is_stored_and_changes_are_audited(client_of, acting, cast):
    client = client_of(cast.ana)
    form = {
        **brand_form(client),
        **typed(website="acme.example", phone=" +55 11  4002 "),
        "contact": "Since 1998",
    }
    assert client.post("/company/brand", data=form).status_code == 303
    page = client.get("/company/brand").text
    assert 'value="https://acme.example"' in page and 'value="+55 11 4002"' in page
    assert "check digits of this CNPJ are wrong" not in page
    with acting(cast.ana):
        tenant = db.session.scalars(select(Tenant)).one()
        assert set(tenant.contact_parts) == set(PARTS) and tenant.contact == "Since 1998"
        entries = {one.action: one.facts["facts"] for one in list_entries("tenant", cast.acme)}
        changes = entries["tenant.branded"]["changes"]
        assert changes["contact_website"] == {"old": "", "new": "https://acme.example"}
        assert changes["contact"]["new"] == "Since 1998"


def brand_form(client) -> dict[str, str]:
    """The form values on the page, without files and check boxes."""
    page = client.get("/company/brand").text
    colours = dict(re.findall(r'name="(accent|second|third)"[^>]*value="(#\w{6})"', page))
    return {
        **colours,
        "strip_position": "below",
        "strip_theme": "light",
        "strip_opacity": "100",
        "layout": "classic",
        "photo_size": "large",
        "page_format": "a4",
    }


@pytest.mark.parametrize(
    ("part", "text", "said"),
    [
        ("email", "acme", "is not an e-mail address. Enter it like name@company.com."),
        ("website", "javascript:alert(1)", "is not a website address."),
        ("phone", "call us", "is not a telephone number."),
        ("tax_number", "--", "is not a tax number."),
        ("address", "x" * 201, "the limit is 200"),
    ],
)
@pytest.mark.parametrize("where", ["/company/brand", "/projects/"])
def test_both_forms_refuse_with_the_same_words(client_of, cast, where, part, text, said):
    client = client_of(cast.ana)
    form = {"name": "Hall 9"} if where == "/projects/" else brand_form(client)
    answer = client.post(where, data={**form, **typed(**{part: text})})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Rua 1, 20" in answer.text or part == "address"
    assert '<details class="extra" open>' in answer.text or where == "/company/brand"


def test_wrong_check_digits_are_warned_about_and_saved(client_of, acting, cast):
    client = client_of(cast.ana)
    wrong = typed(tax_number="11.222.333/0001-82")
    saved = client.post("/company/brand", data={**brand_form(client), **wrong})
    assert saved.status_code == 303
    assert "check digits of this CNPJ are wrong" in client.get("/company/brand").text
    made = client.post("/projects/", data={"name": "Hall 9", **wrong})
    assert made.status_code == 303
    assert "check digits of this CNPJ are wrong" in client.get(made.location).text


def test_a_project_stores_its_clients_contact(client_of, acting, cast):
    client = client_of(cast.max)
    assert '<details class="extra" >' in client.get("/projects/new").text
    hall = {"name": "Hall 9", "client": "Norte", "address": ""}
    made = client.post("/projects/", data={**hall, **typed()})
    page = client.get(made.location).text
    assert 'href="https://www.acme.example"' in page and 'href="mailto:office@acme.example"' in page
    edit = client.get(f"{made.location}/edit").text
    assert '<details class="extra" open>' in edit and 'value="11.222.333/0001-81"' in edit
    changed = {**hall, **typed(phone="", website="norte.example")}
    assert client.post(made.location, data=changed).status_code == 303
    with acting(cast.max):
        project = db.session.scalars(select(Project)).one()
        assert project.client_contact == {
            **{part: FULL[part] for part in ("address", "email", "tax_number")},
            "website": "https://norte.example",
        }
        created, updated = list_entries("project", project.id)
        assert created.facts["facts"]["values"]["client_email"] == "office@acme.example"
        assert "client_contact" not in created.facts["facts"]["values"]
        assert updated.facts["facts"]["changes"] == {
            "client_phone": {"old": FULL["phone"], "new": ""},
            "client_website": {"old": FULL["website"], "new": "https://norte.example"},
        }
        table = next(one for one in tables() if one.name == "projects")
        (row,) = (dict(zip(table.headings, row, strict=True)) for row in table.rows())
        assert row["client_website"] == "https://norte.example" and row["client_phone"] == ""


def test_invalid_values_in_the_database_do_not_break_reading() -> None:
    assert contact_of(None) == contact_of({}) == Contact()
    assert contact_of({"phone": 5, "email": "a@b.example", "fax": "1"}).email == "a@b.example"


def text_of_pdf(app, acting, person, report_id) -> list[str]:
    with acting(person) as actor:
        document_id = request_document(get_report(report_id, person=actor), actor=actor).id
        db.session.commit()
    with app.app_context():
        runner.run("document", str(document_id))
    with acting(person):
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
        assert document.error is None and document.storage_key
        with storage().open(document.storage_key) as stored:
            pdf = PdfDocument(BytesIO(stored.read()))
    pages = (" ".join(page.get_textpage().get_text_bounded().split()) for page in pdf)
    return [page.replace("\u200b", "") for page in pages]


def test_the_cover_prints_both_and_the_snapshot_keeps_the_client_s(app, acting, cast):
    with acting(cast.ana) as ana:
        own = Contact(phone="+55 11 1111", website="https://acme.example", tax_number="11.2")
        brand_tenant(Brand(contact_parts=own, contact="Since 1998"), actor=ana)
        db.session.commit()
    with acting(cast.tess) as tess:
        project = scenarios.a_project(tess, client="Norte", client_contact=FULL)
        report = scenarios.a_report(tess, project=project)
        report_id = report.id
        scenarios.all_answers(report, tess)
    cover = text_of_pdf(app, acting, cast.tess, report_id)[0]
    line = "Acme Commissioning · +55 11 1111 · acme.example · Tax no. 11.2 · Since 1998"
    assert line in cover
    for words in (
        "Norte",
        "Rua 1, 20, São Paulo",
        "+55 (11) 4002-8922",
        "office@acme.example",
        "www.acme.example",
        "Tax no. 11.222.333/0001-81",
    ):
        assert words in cover, words
    with acting(cast.tess) as tess:
        report = get_report(report_id, person=tess)
        scenarios.a_photo(report, "enclosure", tess)
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", tess, content_hash=signed)
        submit_report(report_id=report_id, actor=tess)
        db.session.commit()
        body = json.loads(db.session.scalars(select(Snapshot.body)).one())
        assert body["report"]["project"]["client_contact"] == FULL


def test_a_later_pdf_prints_the_contact_of_the_snapshot(acting, cast):
    from app.documents.loading import Source, subject_of

    frozen = {
        "report": {
            "project": {
                "name": "P",
                "client": "C",
                "address": "",
                "latitude": None,
                "longitude": None,
                "client_contact": {"phone": "123 then"},
            },
            "equipment": None,
        }
    }
    source = Source(None, None, None, None, None, frozen, "", {})  # type: ignore[arg-type]
    assert subject_of(source).client_contact.phone == "123 then"
    del frozen["report"]["project"]["client_contact"]
    assert subject_of(source).client_contact == Contact(), "a snapshot of before"

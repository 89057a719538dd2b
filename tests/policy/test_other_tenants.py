"""Every address with another company's ids answers 404, files included; nothing of it leaks.

What each route answers the other company's admin stands in routes.csv (see test_guards.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy import update
from werkzeug.routing import Rule

from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    AnswerExport,
    AnswerFormat,
    BrandPreview,
    Derivative,
    DerivativeKind,
    Document,
    Export,
    Invitation,
    Passkey,
    Role,
    SupportAccess,
    Tenant,
    WorkState,
)
from app.storage import object_key
from app.tenancy import platform_scope
from app.web.links import FileLink, sign_link
from tests import scenarios
from tests.policy.test_guards import CHANGE_THE_CLIENT, for_other_admins
from tests.policy.test_guards import addresses as addresses_of_all
from tests.stored import put_bytes

CANARY = "Canary-7f3a"
UNKNOWN = "Nobodys-9c1e"
SHA256 = sha256(CANARY.encode()).hexdigest()
ANSWERS = {"404": 404, "403": 403, "link": 404}  # no `token` of the world below is of a link's kind
WORDS = {"field_id": "enclosure", "role_id": "technician", "digest": "0" * 12, "part": "photo"}


def choices(rule: Rule, argument: str) -> list[str]:
    """The values of an `any(...)` or free word in an address."""
    converter = rule._converters[argument]
    items = getattr(converter, "items", None)
    return sorted(items) if items else [WORDS[argument]]


def kept(tenant_id: UUID, kind: str, suffix: str) -> str:
    """The key of the canary's bytes, stored."""
    key = object_key(tenant_id, kind, SHA256, suffix)
    put_bytes(key, CANARY.encode())
    return key


def a_look_that_ended(cast) -> UUID:
    """Only the platform's role writes one, so this stays for the tests that follow."""
    ended = datetime.now(UTC)
    look = SupportAccess(
        tenant_id=cast.acme, superadmin_id=cast.sam.id, superadmin_name=cast.sam.name,
        reason=CANARY, expires_at=ended, ended_at=ended,
    )  # fmt: skip
    with platform_scope() as session:
        session.add(look)
        session.commit()
        return look.id


@pytest.fixture
def world(acting, cast) -> dict[str, UUID | str]:
    """One row of everything that an address can name, in Acme."""
    with acting(cast.ana) as ana:
        project = scenarios.a_project(ana, name=CANARY)
        version = scenarios.a_checklist(ana)
        equipment = scenarios.an_equipment(project, tag=CANARY)
        report = scenarios.a_report(ana, version=version, project=project, title=CANARY)
        photo = scenarios.a_photo(report, "enclosure", ana, data=CANARY.encode(), caption=CANARY)
        photo_id = photo.id
        key = kept(cast.acme, "derived", ".jpg")
        pictures = [
            Derivative(
                photo_id=photo_id, kind=kind, recipe="r1", storage_key=key, sha256=SHA256,
                byte_size=11, width=1, height=1,
            )
            for kind in DerivativeKind
        ]  # fmt: skip
        picture = kept(cast.acme, "sign", ".png")
        signature = scenarios.a_signature(
            report, "technician", ana, image_key=picture, image_sha256=SHA256
        )
        pdf = kept(cast.acme, "pdf", ".pdf")
        logo = kept(cast.acme, "logo", ".png")
        db.session.execute(update(Tenant).values(logo_key=logo, second_logo_key=logo))
        document = Document(
            report_id=report.id, requested_by=ana.account_id, is_preview=True,
            state=WorkState.DONE, storage_key=pdf, sha256=SHA256, byte_size=11, pages=1,
        )  # fmt: skip
        session = AccountSession(account_id=ana.account_id, token_hash=SHA256)
        passkey = Passkey(
            account_id=ana.account_id, credential_id=CANARY, public_key="x", name=CANARY
        )
        person = Account(email="canary@acme.test", name=CANARY, role=Role.VIEWER, password_hash="!")
        invitation = Invitation(
            email="canary@invited.test", name=CANARY, role=Role.VIEWER, invited_by_name=CANARY,
            expires_at=datetime(2199, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        export = Export(
            requested_by=ana.account_id, state=WorkState.DONE, sha256=SHA256, byte_size=11,
            storage_key=kept(cast.acme, "export", ".zip"),
        )  # fmt: skip
        answers = AnswerExport(
            requested_by=ana.account_id, role=Role.ADMIN, format=AnswerFormat.XLSX, wanted={},
            filters={"search": CANARY}, digest=SHA256, locale="en", time_zone="UTC",
            state=WorkState.DONE, sha256=SHA256, byte_size=11, storage_key=kept(cast.acme, "answers", ""),
            counts={"reports": 1, "photos": 1, "exceptions": 1},
        )  # fmt: skip
        shown = kept(cast.acme, "preview", ".png")
        preview = BrandPreview(
            requested_by=ana.account_id, settings={}, state=WorkState.DONE,
            cover_key=shown, page_key=shown, photo_key=shown,
        )  # fmt: skip
        rows = [*pictures, document, export, answers, preview, session, passkey, person, invitation]
        db.session.add_all(rows)
        db.session.commit()
        entry = record(
            action="test.done", actor=ana, object_type="report", object_id=report.id, what=CANARY
        )
        db.session.commit()
        return {
            "tenant_id": cast.acme,
            "access_id": a_look_that_ended(cast),
            "project_id": project.id,
            "equipment_id": equipment.id,
            "checklist_id": version.checklist_id,
            "version_id": version.id,
            "report_id": report.id,
            "placement_id": scenarios.place_of(photo).id,
            "signature_id": signature.id,
            "document_id": document.id,
            "export_id": export.id,
            "answers_id": answers.id,
            "preview_id": preview.id,
            "account_id": person.id,
            "invitation_id": invitation.id,
            "session_id": session.id,
            "passkey_id": passkey.id,
            "entry_id": entry.id,
            "token": sign_link(
                FileLink(
                    tenant_id=cast.acme, account_id=cast.ana.id, purpose="document", key=pdf,
                    sha256=SHA256, media_type="application/pdf", byte_size=len(CANARY),
                    file_name="a.pdf",
                )
            ),
        }  # fmt: skip


def addresses(app, world):
    """(method, url) of every rule that names a row, for every word it also takes."""
    for rule in app.url_map.iter_rules():
        rows = {name for name in rule.arguments if name in world}
        if rule.endpoint == "static" or not rule.arguments - {"kind"}:
            continue
        unknown = rule.arguments - set(world) - set(WORDS) - {"kind"}
        assert not unknown, f"{rule.rule} names {unknown}: add them to this test"
        assert rows, f"{rule.rule} names no row"
        values = {name: world[name] for name in rows}
        for name in rule.arguments - rows:
            values[name] = choices(rule, name)[0]
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, url


OTHERS = for_other_admins()


def answer(endpoint: str) -> int:
    """What the table says of an address that names rows; KeyError where it says none of these."""
    return ANSWERS[OTHERS[endpoint]]


def test_routes_that_name_no_row_answer_another_admin_of_their_own(app, cast, client_of, world):
    """With the test that follows: the other company's admin has been at every route of the map."""
    otto = client_of(cast.otto)
    with_rows = {endpoint for endpoint, _method, _url in addresses(app, world)}
    for endpoint, method, url in addresses_of_all(app):
        if endpoint in with_rows or endpoint in CHANGE_THE_CLIENT:
            continue
        assert OTHERS[endpoint] in ("own", "public", "403"), f"{endpoint} names no row"
        response = otto.open(url, method=method)
        is_refused = response.status_code == 403
        assert is_refused == (OTHERS[endpoint] == "403"), (endpoint, method)
        assert _count(CANARY, response) == 0, (endpoint, method)


def test_another_tenants_ids_answer_404(app, cast, client_of, world):
    otto = client_of(cast.otto)
    asked = 0
    for endpoint, method, url in addresses(app, world):
        for headers in ({}, {"HX-Request": "true"}):
            response = otto.open(url, method=method, headers=headers)
            status = response.status_code
            assert status == answer(endpoint), (endpoint, method, url, status)
            assert CANARY not in response.text, endpoint
            asked += 1
    assert asked > 40


def test_random_ids_answer_alike(app, cast, client_of, world):
    """Existence must not show: an unknown id gives the same page as somebody else's."""
    from uuid import uuid4

    otto = client_of(cast.otto)
    nobody = {name: uuid4() for name in world}
    for (endpoint, method, url), (_, _, unknown) in zip(
        addresses(app, world), addresses(app, nobody), strict=True
    ):
        theirs, none = otto.open(url, method=method), otto.open(unknown, method=method)
        assert theirs.status_code == none.status_code == answer(endpoint), endpoint


def test_the_addresses_are_alive_for_their_own_people(app, cast, client_of, world):
    """The control: the same pages answer Acme's admin, so 404 above means the lock."""
    ana, sam = client_of(cast.ana), client_of(cast.sam)
    for endpoint, method, url in addresses(app, world):
        if method == "GET" and (endpoint != "company.brand_css" and OTHERS[endpoint] != "link"):
            person = sam if answer(endpoint) == 403 else ana
            assert person.get(url).status_code in (200, 303), (endpoint, url)
            if person is sam:  # her own company's page is not for Ana either
                assert ana.get(url).status_code == 403, (endpoint, url)


def test_lists_searches_and_counts_show_nothing_of_another_tenant(app, cast, client_of, world):
    otto = client_of(cast.otto)
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or set()):
            continue
        assert _count(CANARY, otto.get(rule.rule)) == 0, rule.endpoint
        # What was looked for is said again; a word that nobody has is the measure.
        for query in ("?q=", "?search="):
            theirs = _count(CANARY, otto.get(rule.rule + query + CANARY))
            nobodys = _count(UNKNOWN, otto.get(rule.rule + query + UNKNOWN))
            assert theirs == nobodys, rule.endpoint


def _count(word, response) -> int:
    return response.get_data().decode(errors="replace").count(word)

"""Every URL with another company's ids answers 404, including files; no content leaks.

routes.csv has each route's answer to the other company's admin (see test_guards.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from werkzeug.routing import Rule

from app.downloads.links import FileLink, sign_link
from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    AnswerExport,
    AnswerFormat,
    BrandPreview,
    Bundle,
    ClientWorkbook,
    Derivative,
    DerivativeKind,
    Document,
    DocumentStamp,
    EditConflict,
    Export,
    Invitation,
    Passkey,
    Role,
    SupportAccess,
    Tenant,
    VersionWorkbook,
    WorkState,
)
from app.storage import object_key
from app.tenancy import platform_scope
from tests.policy.route_table import CHANGE_THE_CLIENT, for_other_admins, methods_of
from tests.policy.route_table import addresses as addresses_of_all
from tests.support import scenarios
from tests.support.client_workbooks import a_protocol
from tests.support.stored import put_bytes
from tests.support.uploads import an_upload

CANARY = "Canary-7f3a"
UNKNOWN = "Nobodys-9c1e"
SHA256 = sha256(CANARY.encode()).hexdigest()
ANSWERS = {"404": 404, "403": 403, "link": 404}  # no `token` of the world below is of a link's kind
WORDS = {
    "keep": "mine",
    "field_id": "enclosure",
    "role_id": "technician",
    "digest": "0" * 12,
    "node_id": "enclosure",
    "part": "photo",
    "step": "undo",
}


def choices(rule: Rule, argument: str) -> list[str]:
    """The values of an `any(...)` or free word in a URL."""
    converter = rule._converters[argument]
    items = getattr(converter, "items", None)
    return sorted(items) if items else [WORDS[argument]]


def kept(tenant_id: UUID, kind: str, suffix: str) -> str:
    """Store the canary's bytes; returns the key."""
    key = object_key(tenant_id, kind, SHA256, suffix)
    put_bytes(key, CANARY.encode())
    return key


def a_look_that_ended(cast) -> UUID:
    """Only the platform's role can write one, so this is committed and remains for later tests."""
    ended = datetime.now(UTC)
    look = SupportAccess(
        tenant_id=cast.acme,
        superadmin_id=cast.sam.id,
        superadmin_name=cast.sam.name,
        reason=CANARY,
        expires_at=ended,
        ended_at=ended,
    )
    with platform_scope() as session:
        session.add(look)
        session.commit()
        return look.id


@pytest.fixture
def world(acting, cast) -> dict[str, UUID | str]:
    """One row of everything that a URL can name, in Acme."""
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
                photo_id=photo_id,
                kind=kind,
                recipe="r1",
                storage_key=key,
                sha256=SHA256,
                byte_size=11,
                width=1,
                height=1,
            )
            for kind in DerivativeKind
        ]
        picture = kept(cast.acme, "sign", ".png")
        signature = scenarios.a_signature(
            report, "technician", ana, image_key=picture, image_sha256=SHA256
        )
        pdf = kept(cast.acme, "pdf", ".pdf")
        logo = kept(cast.acme, "logo", ".png")
        db.session.execute(update(Tenant).values(logo_key=logo, second_logo_key=logo))
        document = Document(
            report_id=report.id,
            requested_by=ana.account_id,
            is_preview=True,
            state=WorkState.DONE,
            storage_key=pdf,
            sha256=SHA256,
            byte_size=11,
            pages=1,
        )
        session = AccountSession(account_id=ana.account_id, token_hash=SHA256)
        passkey = Passkey(
            account_id=ana.account_id, credential_id=CANARY, public_key="x", name=CANARY
        )
        person = Account(email="canary@acme.test", name=CANARY, role=Role.VIEWER, password_hash="!")
        invitation = Invitation(
            email="canary@invited.test",
            name=CANARY,
            role=Role.VIEWER,
            invited_by_name=CANARY,
            expires_at=datetime(2199, 1, 1, tzinfo=UTC),
        )
        export = Export(
            requested_by=ana.account_id,
            state=WorkState.DONE,
            sha256=SHA256,
            byte_size=11,
            storage_key=kept(cast.acme, "export", ".zip"),
        )
        answers = AnswerExport(
            requested_by=ana.account_id,
            role=Role.ADMIN,
            format=AnswerFormat.XLSX,
            wanted={},
            filters={"search": CANARY},
            digest=SHA256,
            locale="en",
            time_zone="UTC",
            state=WorkState.DONE,
            sha256=SHA256,
            byte_size=11,
            storage_key=kept(cast.acme, "answers", ""),
            counts={"reports": 1, "photos": 1, "exceptions": 1},
        )
        bundle = Bundle(
            requested_by=ana.account_id,
            role=Role.ADMIN,
            report_id=report.id,
            state=WorkState.DONE,
            sha256=SHA256,
            byte_size=11,
            storage_key=kept(cast.acme, "bundle", ".zip"),
        )
        shown = kept(cast.acme, "preview", ".png")
        preview = BrandPreview(
            requested_by=ana.account_id,
            settings={},
            state=WorkState.DONE,
            cover_key=shown,
            page_key=shown,
            photo_key=shown,
        )
        conflict = EditConflict(
            report_id=report.id,
            field_id="customer",
            value=CANARY,
            base_version=0,
            typed_by=ana.account_id,
            client_id=uuid4(),
        )
        reviewed = scenarios.a_review(report, ana)
        comment = scenarios.a_comment(reviewed, "customer", CANARY, ana)
        witness = scenarios.a_witness(report, ana, role_id="client", name=CANARY)
        content = a_protocol(title=CANARY)
        workbook = ClientWorkbook(
            created_by=ana.account_id,
            file_name=f"{CANARY}.xlsx",
            sha256=sha256(content).hexdigest(),
            content=content,
            mapping={
                "shape": SHA256,
                "language": "en",
                "sheets": [{"name": CANARY, "kind": "rules"}],
                "checklists": [],
            },
        )
        rows = [
            workbook,
            conflict,
            *pictures,
            document,
            export,
            answers,
            bundle,
            preview,
            session,
            passkey,
            person,
            invitation,
        ]
        db.session.add_all(rows)
        db.session.commit()
        stamp = DocumentStamp(
            document_id=document.id,
            state=WorkState.DONE,
            sha256=SHA256,
            byte_size=11,
            storage_key=kept(cast.acme, "stamp", ".tsr"),
            stamped_at=datetime(2026, 1, 1, tzinfo=UTC),
            authority=CANARY,
        )
        db.session.add(stamp)
        db.session.commit()
        db.session.add(VersionWorkbook(version_id=version.id, workbook_id=workbook.id, places={}))
        entry = record("test.done", report, ana, what=CANARY)
        db.session.commit()
        return {
            "tenant_id": cast.acme,
            "access_id": a_look_that_ended(cast),
            "project_id": project.id,
            "equipment_id": equipment.id,
            "checklist_id": version.checklist_id,
            "version_id": version.id,
            "workbook_id": workbook.id,
            "report_id": report.id,
            "placement_id": scenarios.place_of(photo).id,
            "signature_id": signature.id,
            "conflict_id": conflict.id,
            "comment_id": comment.id,
            "witness_id": witness.id,
            "document_id": document.id,
            "export_id": export.id,
            "answers_id": answers.id,
            "bundle_id": bundle.id,
            "preview_id": preview.id,
            "account_id": person.id,
            "invitation_id": invitation.id,
            "session_id": session.id,
            "passkey_id": passkey.id,
            "entry_id": entry.id,
            "client_id": an_upload(report.id, ana, CANARY.encode(), received=3),
            "token": sign_link(
                FileLink(
                    tenant_id=cast.acme,
                    account_id=cast.ana.id,
                    purpose="document",
                    key=pdf,
                    sha256=SHA256,
                    media_type="application/pdf",
                    byte_size=len(CANARY),
                    file_name="a.pdf",
                )
            ),
        }


def addresses(app, world):
    """(method, url) of every rule that names a row, for every word that it accepts."""
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
        for method in methods_of(rule):
            yield rule.endpoint, method, url


OTHERS = for_other_admins()


def answer(endpoint: str) -> int:
    """The table's answer for a URL that names rows. Raises KeyError for other entries."""
    return ANSWERS[OTHERS[endpoint]]


def test_routes_that_name_no_row_answer_another_admin_of_their_own(app, cast, client_of, world):
    """Together with the next test, the other company's admin tries every route."""
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


def test_another_tenants_ids_answer_404_as_unknown_ones_do(app, cast, client_of, world):
    """The answer must not reveal existence: an unknown id gets the same as a foreign one."""
    otto = client_of(cast.otto)
    nobody = {name: uuid4() for name in world}
    asked = 0
    for (endpoint, method, url), (_, _, unknown) in zip(
        addresses(app, world), addresses(app, nobody), strict=True
    ):
        for address, headers in ((url, {}), (url, {"HX-Request": "true"}), (unknown, {})):
            response = otto.open(address, method=method, headers=headers)
            status = response.status_code
            assert status == answer(endpoint), (endpoint, method, address, status)
            assert CANARY not in response.text, endpoint
            asked += 1
    assert asked > 200


def test_the_addresses_are_alive_for_their_own_people(app, cast, client_of, world):
    """The control: the same URLs answer Acme's admin, so the 404s above come from the lock."""
    ana, sam = client_of(cast.ana), client_of(cast.sam)
    for endpoint, method, url in addresses(app, world):
        if method in ("GET", "HEAD") and (
            endpoint != "branding.stylesheet" and OTHERS[endpoint] != "link"
        ):
            person = sam if answer(endpoint) == 403 else ana
            assert person.open(url, method=method).status_code in (200, 303), (endpoint, url)
            if person is sam:  # Ana may not open the platform's page of her own company either
                assert ana.get(url).status_code == 403, (endpoint, url)


def test_lists_searches_and_counts_show_nothing_of_another_tenant(app, cast, client_of, world):
    otto = client_of(cast.otto)
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or set()):
            continue
        assert _count(CANARY, otto.get(rule.rule)) == 0, rule.endpoint
        # Pages repeat the search text, so compare with a text that matches nothing.
        theirs, nobodys = (
            _count(word, otto.get(rule.rule, query_string={"q": word, "search": word}))
            for word in (CANARY, UNKNOWN)
        )
        assert theirs == nobodys, rule.endpoint


def _count(word, response) -> int:
    return response.get_data().decode(errors="replace").count(word)

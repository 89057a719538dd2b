"""What hostile requests are aimed at: people signed in, one row of everything, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from werkzeug.routing import Rule

from app import create_app
from app.auth import reset_routes
from app.evidence.service import record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    BrandPreview,
    Derivative,
    DerivativeKind,
    Document,
    Export,
    Invitation,
    Passkey,
    PasswordReset,
    PhotoCheck,
    PhotoVerdict,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
    Role,
    SuperadminSession,
    SupportAccess,
    Tenant,
    Version,
    WorkState,
)
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.signing import sign_row
from app.storage import object_key
from app.tenancy import platform_scope, tenant_scope
from app.web.brand import brand_digest
from app.web.links import FileLink, sign_link
from tests import scenarios
from tests import servers as test_servers
from tests.cast import Cast, Person, load_cast
from tests.conftest import rolled_back, settings_for, signed_in_client
from tests.fuzz.forms import LEAVER, Form, forms_of
from tests.fuzz.strikes import Request
from tests.pictures import a_jpeg, sha256_of
from tests.stored import put_bytes, storage

WORDS = {
    "field_id": "enclosure", "role_id": "technician", "filename": "dist/manifest.json",
    "part": "cover",
}  # fmt: skip
NOBODY = "nobody"
PEOPLE = ("ana", "ana", "ana", "tess", "tess", "sam", NOBODY)


@dataclass
class World:
    """`rows` are good values by the name of the part of an address that takes them."""

    app: Flask
    connection: Connection
    rows: dict[str, list[Any]]
    cookies: dict[str, str]
    tokens: dict[str, str]
    # What signed links lead to; each is signed when it is used, because it lasts five minutes.
    link: FileLink
    forms: dict[str, list[Form]] = field(default_factory=dict)
    # Forms of pages that no route takes.
    lost: list[str] = field(default_factory=list)
    # Of the companies that were there from the start.
    slugs: list[str] = field(default_factory=list)
    strikes: int = 0

    def rules(self, endpoint: str) -> list[Rule]:
        return list(self.app.url_map.iter_rules(endpoint))

    def good_requests(self, endpoint: str) -> list[Request]:
        """What the pages offer for this endpoint; where none does, its bare address."""
        found = []
        for rule in self.rules(endpoint):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                forms = [one for one in self.forms.get(endpoint, []) if one.method == method]
                found += [
                    Request(method, _parts(one.action), fields=tuple(one.fields),
                            files=tuple(one.files))
                    for one in forms
                ] or [Request(method, _parts(path)) for path in self.paths(rule)]  # fmt: skip
        return found

    def paths(self, rule: Rule) -> list[str]:
        """The addresses of a rule, one for each good value of the rows that it names."""
        rows = [name for name in rule.arguments if name in self.rows]
        most = max([len(self.rows[name]) for name in rows], default=1)
        kinds = _kinds(rule)
        paths = []
        for at in range(max(most, len(kinds))):
            values: dict[str, Any] = {name: WORDS[name] for name in rule.arguments & WORDS.keys()}
            values |= {name: self.rows[name][at % len(self.rows[name])] for name in rows}
            values |= {"kind": kinds[at % len(kinds)]} if "kind" in rule.arguments else {}
            with self.app.test_request_context():
                if "token" in rule.arguments:
                    values["token"] = self.token(rule.endpoint)
                paths.append(self.app.url_for(rule.endpoint, **values))
        return paths

    def token(self, endpoint: str) -> str:
        """A good one of the kind that this endpoint takes; any other kind is a 404 there."""
        if endpoint in ("team.accept", "team.invitation"):
            return sign_row("invitation", self.rows["invitation_id"][0])
        if endpoint == "auth.reset":
            return sign_row("reset", self.rows["reset_id"][0])
        return sign_link(self.link)


def _kinds(rule: Rule) -> list[str]:
    converter = rule._converters.get("kind")
    return sorted(getattr(converter, "items", [""]))


def _parts(path: str) -> tuple[str, ...]:
    """The address in pieces, so that any of them can be struck."""
    pieces = path.split("/")
    return tuple(piece for one in pieces[1:] for piece in ("/", one) if piece) or ("/",)


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """On a database of its own, because what a superadmin changes is really committed."""
    running = test_servers.current()
    name = running.clone(f"laudo_fuzz_{uuid4().hex[:8]}")
    reset_routes.ANSWER_SECONDS = 0  # what is struck there waits for nobody
    app = create_app(settings_for(name, folder))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    try:
        with rolled_back(app) as connection:
            yield _filled(app, connection)
    finally:
        with app.app_context():
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()
        running.drop(name)


def _filled(app: Flask, connection: Connection) -> World:
    cast = load_cast(app)
    with _acting(app, cast.ana) as ana:
        rows = _rows(ana, cast)
        link = _link(rows["document_id"][0], cast)
    world = World(app, connection, rows, cookies={NOBODY: ""}, tokens={NOBODY: ""}, link=link)
    for key in ("ana", "tess", "sam"):
        client = signed_in_client(app, getattr(cast, key))
        world.tokens[key] = _token(app, client)
        cookie = client.get_cookie("session")
        assert cookie
        world.cookies[key] = f"session={cookie.value}"
        if key == "ana":
            _collect(world, client)
            _collect_conflict(world, client)
            _collect_repeat(world, client)
        if key == "sam":
            _collect(world, client)
    _collect(world, app.test_client())
    with app.app_context(), platform_scope() as session:
        world.slugs += session.scalars(select(Tenant.slug))
    return world


@contextmanager
def _acting(app: Flask, person: Person) -> Iterator[Actor]:
    assert person.tenant_id
    with app.app_context(), tenant_scope(person.tenant_id):
        yield Actor(person.name, person.role, person.id)


def _token(app: Flask, client: FlaskClient) -> str:
    """A CSRF token of this session, as every page carries it."""
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get("/account").get_data(as_text=True)
    app.config["WTF_CSRF_ENABLED"] = False
    token: str = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert token, page[:2_000]
    return token


def _collect(world: World, client: FlaskClient) -> None:
    """Every form of every page that this person can open, by the endpoint that takes it."""
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        for path in world.paths(rule):
            page = client.get(path, follow_redirects=True)
            if page.mimetype == "text/html":
                _take_forms(world, path, page.get_data(as_text=True))


def _collect_conflict(world: World, client: FlaskClient) -> None:
    """The forms of the one page that no GET shows: what a stale save is answered with."""
    path = f"/reports/{world.rows['report_id'][0]}/fields/customer"
    stale = {"value": "Somebody else", "row_version": "0", "client_id": str(uuid4())}
    page = client.post(path, data=stale)
    assert page.status_code == 409, page.status_code
    _take_forms(world, path, page.get_data(as_text=True))


def _collect_repeat(world: World, client: FlaskClient) -> None:
    """The form of the page that an upload leads to where its bytes are in the report already."""
    report_id, placement_id = world.rows["report_id"][0], world.rows["placement_id"][0]
    path = f"/reports/{report_id}/fields/enclosure/photos/again?placement={placement_id}"
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    _take_forms(world, path, page.get_data(as_text=True))


def _take_forms(world: World, path: str, page: str) -> None:
    places = world.app.url_map.bind("localhost")
    for form in forms_of(page):
        if not places.test(form.action, method=form.method):
            world.lost.append(f"{path}: {form.method} {form.action}")
            continue
        endpoint, _values = places.match(form.action, method=form.method)
        # The token is drawn apart: most strikes go without the question.
        form.fields = [one for one in form.fields if one[0] != "csrf_token"]
        world.forms.setdefault(endpoint, []).append(form)


def _rows(ana: Actor, cast: Cast) -> dict[str, list[Any]]:
    version = scenarios.a_checklist(ana)
    project = scenarios.a_project(ana)
    equipment, free = scenarios.an_equipment(project), scenarios.an_equipment(project)
    _belonging(project.id, version.checklist_id, cast)
    # One more of each, which the project can still be given.
    scenarios.a_checklist(ana, scenarios.a_definition(code="SPARE"))
    db.session.add(Account(email="spare@acme.test", name="Spare Viewer", role=Role.VIEWER,
                           password_hash="!"))  # fmt: skip
    report = scenarios.a_report(
        ana, version=version, project=project, equipment_id=equipment.id,
        assignee_id=cast.tess.id,
    )  # fmt: skip
    scenarios.all_answers(report, ana)
    full = scenarios.a_report(ana, version=version, project=project)
    scenarios.all_answers(full, ana)
    photos = [_photo(report, ana, cast), _photo(report, ana, cast, PhotoVerdict.QUARANTINED),
              _photo(full, ana, cast), _photo(report, ana, cast, None),
              _photo_without_position(project, ana)]  # fmt: skip
    signed = content_hash(full, load_facts(full))
    scenarios.a_signature(full, "technician", ana, content_hash=signed)
    drawn = a_jpeg((40, 30))
    picture = object_key(cast.acme, "sign", sha256_of(drawn), ".png")
    put_bytes(picture, drawn)
    signature = scenarios.a_signature(
        report, "client", ana, image_key=picture, image_sha256=sha256_of(drawn)
    )
    done = scenarios.completed(scenarios.a_report(ana, version=version, project=project), ana)
    logo = object_key(cast.acme, "logo", sha256_of(drawn), ".png")
    put_bytes(logo, drawn)
    with platform_scope() as session:  # committed: a superadmin's change must not wait for it
        session.execute(update(Tenant).where(Tenant.id == cast.acme).values(logo_key=logo))
        session.commit()
    brands = [brand_digest(db.session.get_one(Tenant, cast.acme))]
    draft = Version(checklist_id=version.checklist_id, number=2, body=version.body)
    db.session.add(draft)
    db.session.commit()
    return {
        "tenant_id": [cast.acme, cast.other, _leaver()],
        "account_id": _people(cast),
        "invitation_id": [_invitation(ana), _waiting_invitation()],
        "reset_id": [_own(ana, PasswordReset, expires_at=datetime(2199, 1, 1, tzinfo=UTC))],
        "session_id": [_own(ana, AccountSession, token_hash="a session to end")],
        "passkey_id": [_own(ana, Passkey, credential_id="cGhvbmU", public_key="x", name="Phone")],
        "project_id": [project.id],
        "equipment_id": [equipment.id, free.id],
        "checklist_id": [version.checklist_id],
        "version_id": [draft.id, version.id],
        "report_id": [report.id, full.id, done.id],
        "placement_id": photos,
        "signature_id": [signature.id],
        "document_id": _documents(report.id, done.id, ana, cast),
        "export_id": _exports(ana, cast),
        "preview_id": [_preview(ana, picture)],
        "access_id": [_look(cast)],
        "entry_id": [_entry(ana)],
        "digest": brands,
    }


def _look(cast: Cast) -> UUID:
    """A look that only the platform's role can open; it has ended, so it shows nowhere."""
    ended = datetime.now(UTC)
    look = SupportAccess(
        tenant_id=cast.acme, superadmin_id=cast.sam.id, superadmin_name="Sam", reason="x",
        expires_at=ended, ended_at=ended,
    )  # fmt: skip
    with platform_scope() as session:
        session.add(look)
        session.commit()
        return look.id


def _leaver() -> UUID:
    """A suspended company: only such a one can be deleted."""
    leaver = Tenant(name="Leaver", slug=LEAVER, status="suspended", suspended_at=datetime.now(UTC))
    with platform_scope() as session:
        session.add(leaver)
        session.commit()
        return leaver.id


def _entry(ana: Actor) -> UUID:
    entry = record(action="test.done", actor=ana, object_type="test", object_id=None)
    db.session.commit()
    return entry.id


# A company as the cast makes it; LEAVER differs in its status.
AS_MADE: dict[str, Any] = {
    "status": "active", "plan": "standard", "limits": {}, "trial_ends_at": None,
    "suspended_reason": None, "deletion_due_at": None, "deletion_reason": None,
    "locale": "en", "time_zone": "UTC",
}  # fmt: skip


def as_before(world: World) -> None:
    """Take back what a superadmin really committed: companies as they were, no look open.

    Nobody may delete a company, so a new one only lets go of its slug, for the next to take.
    Rows that are right stay untouched: while the outer transaction lasts, every older version of
    a row stays too, and whoever reads the row walks past them all.
    """
    open_session = dict.fromkeys(("support_access_id", "support_tenant_id", "revoked_at"))
    with world.app.app_context(), platform_scope() as session:
        here, away = AS_MADE | {"suspended_at": None}, AS_MADE | {"status": "suspended"}
        others = update(Tenant).where(Tenant.slug != LEAVER, _differs(Tenant, here))
        session.execute(others.values(here))
        leaver = update(Tenant).where(Tenant.slug == LEAVER, _differs(Tenant, away))
        session.execute(leaver.values(away | {"suspended_at": func.now()}))
        session.execute(
            update(Tenant)
            .where(Tenant.slug.not_in(world.slugs), Tenant.slug.not_like("gone-%"))
            .values(slug=func.concat("gone-", Tenant.id))
        )
        other = update(SuperadminSession).where(_differs(SuperadminSession, open_session))
        session.execute(other.values(open_session))
        session.execute(
            update(SupportAccess)
            .where(SupportAccess.ended_at.is_(None))
            .values(ended_at=func.now())
        )
        session.commit()


def _differs(table: Any, values: dict[str, Any]) -> ColumnElement[bool]:
    return or_(*(getattr(table, name).is_distinct_from(value) for name, value in values.items()))


def _belonging(project_id: UUID, checklist_id: UUID, cast: Cast) -> None:
    """Who works on the project and reads it, and its checklist: each has its form on the page."""
    db.session.add_all(
        [
            ProjectMember(project_id=project_id, account_id=cast.tess.id),
            ProjectGrant(project_id=project_id, account_id=cast.vera.id),
            ProjectChecklist(project_id=project_id, checklist_id=checklist_id, position=1),
        ]
    )
    db.session.commit()


def _people(cast: Cast) -> list[UUID]:
    """One who fills in, one who reads and has a second factor, one who left."""
    db.session.execute(
        update(Account).where(Account.id == cast.vera.id).values(totp_confirmed_at=func.now())
    )
    left = Account(email="left@acme.test", name="Lena Left", role=Role.MANAGER,
                   password_hash="!", is_active=False)  # fmt: skip
    db.session.add(left)
    db.session.commit()
    return [cast.tess.id, cast.vera.id, left.id]


def _own(ana: Actor, table: Any, **columns: Any) -> UUID:
    """A row of Ana's own account."""
    row = table(account_id=ana.account_id, **columns)
    db.session.add(row)
    db.session.commit()
    own: UUID = row.id
    return own


def _waiting_invitation() -> UUID:
    """An admin whom the platform invites, and whom nobody of the company has approved."""
    invitation = Invitation(
        email="waits@acme.test", name="Wanda Waits", role=Role.ADMIN,
        invited_by_name="Sam Super", expires_at=datetime.now(UTC) + timedelta(days=6),
    )  # fmt: skip
    db.session.add(invitation)
    db.session.commit()
    invitation_id: UUID = invitation.id
    return invitation_id


def _invitation(ana: Actor) -> UUID:
    """An open one, last sent a day ago."""
    invitation = Invitation(
        email="invited@acme.test", name="Ivo Invited", role=Role.VIEWER, invited_by=ana.account_id,
        invited_by_name=ana.name, expires_at=datetime.now(UTC) + timedelta(days=6),
    )  # fmt: skip
    db.session.add(invitation)
    db.session.commit()
    invitation_id: UUID = invitation.id
    return invitation_id


def _photo(report: Any, ana: Actor, cast: Cast, verdict: Any = PhotoVerdict.GOOD) -> UUID:
    """The place of a photo with its bytes and both derivatives."""
    data = a_jpeg((64, 48))
    photo = scenarios.a_photo(report, "enclosure", ana, verdict=verdict, data=data)
    photo_id, placement_id = photo.id, scenarios.place_of(photo).id
    if verdict is None:
        db.session.add(PhotoCheck(photo_id=photo_id, state=WorkState.FAILED, error="gave_up"))
    key = object_key(cast.acme, "derived", sha256_of(data), ".jpg")
    put_bytes(key, data)
    db.session.add_all(
        Derivative(photo_id=photo_id, kind=kind, recipe="r1", storage_key=key,
                   sha256=sha256_of(data), byte_size=len(data), width=64, height=48)
        for kind in DerivativeKind
    )  # fmt: skip
    db.session.commit()
    return placement_id


def _photo_without_position(project: Any, ana: Actor) -> UUID:
    """The place of one whose question demands a position."""
    version = scenarios.a_checklist(ana, scenarios.a_definition_with_positions())
    report = scenarios.a_report(ana, version=version, project=project)
    photo = scenarios.a_photo(report, "enclosure", ana, has_position=False)
    return scenarios.place_of(photo).id


def _link(document_id: UUID, cast: Cast) -> FileLink:
    document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
    return FileLink(
        tenant_id=cast.acme, account_id=cast.ana.id, purpose="document", file_name="a.pdf",
        key=str(document.storage_key), sha256=str(document.sha256), media_type="application/pdf",
        byte_size=document.byte_size or 0,
    )  # fmt: skip


def _preview(ana: Actor, picture: str) -> UUID:
    """One whose pictures are there."""
    picture = picture.replace("/sign/", "/preview/")
    with storage().open(picture.replace("/preview/", "/sign/")) as drawn:
        put_bytes(picture, drawn.read())
    preview = BrandPreview(requested_by=ana.account_id, settings={}, state=WorkState.DONE,
                           cover_key=picture, page_key=picture, photo_key=picture)  # fmt: skip
    db.session.add(preview)
    db.session.commit()
    preview_id: UUID = preview.id
    return preview_id


def _exports(ana: Actor, cast: Cast) -> list[UUID]:
    """One archive that is there and one that waits."""
    data = b"PK small"
    key = object_key(cast.acme, "export", sha256_of(data), ".zip")
    put_bytes(key, data)
    made = Export(requested_by=ana.account_id, state=WorkState.DONE, storage_key=key,
                  sha256=sha256_of(data), byte_size=len(data), progress_done=9,
                  progress_total=10)  # fmt: skip
    waits = Export(requested_by=ana.account_id)
    db.session.add_all([made, waits])
    db.session.commit()
    return [made.id, waits.id]


def _documents(report_id: UUID, done_id: UUID, ana: Actor, cast: Cast) -> list[UUID]:
    """One PDF that is there and one that failed."""
    data = b"%PDF-1.7 small"
    pdf = object_key(cast.acme, "pdf", sha256_of(data), ".pdf")
    put_bytes(pdf, data)
    made = Document(report_id=report_id, requested_by=ana.account_id, is_preview=True,
                    state=WorkState.DONE, storage_key=pdf, sha256=sha256_of(data), byte_size=14,
                    pages=1)  # fmt: skip
    failed = Document(report_id=done_id, requested_by=ana.account_id, is_preview=False,
                      state=WorkState.FAILED, error="gave_up")  # fmt: skip
    db.session.add_all([made, failed])
    db.session.commit()
    return [made.id, failed.id]

"""The target of hostile requests: signed-in people, one row of everything, and its objects."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import ColumnElement, Connection, func, or_, select, update
from werkzeug.routing import Rule

from app import create_app
from app.auth import reset_routes
from app.checklists.mapping.queries import mapping_of
from app.definition.mapping import map_book
from app.definition.workbook.sheet import open_book
from app.downloads.links import FileLink, sign_link
from app.evidence.service import About, record
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    AnswerExport,
    AnswerFormat,
    BrandPreview,
    Bundle,
    ChecklistStatus,
    ClientWorkbook,
    Derivative,
    DerivativeKind,
    Document,
    DocumentStamp,
    EditConflict,
    Export,
    Invitation,
    Passkey,
    PasswordReset,
    PhotoCheck,
    PhotoUpload,
    PhotoVerdict,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
    Report,
    ReportStatus,
    ReviewState,
    Role,
    SuperadminSession,
    SupportAccess,
    Tenant,
    Version,
    VersionWorkbook,
    WorkState,
)
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.signing import INVITATION_LINK, KEPT_FORM, RESET_LINK, WITNESS_LINK
from app.storage import object_key
from app.tenancy import platform_scope, tenant_scope
from app.web.brand import brand_digest
from app.witnessing.links import hash_of
from tests.conftest import rolled_back, settings_for, signed_in_client
from tests.fuzz.forms import LEAVER, File, Form, forms_of
from tests.fuzz.strikes import Request
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.cast import Cast, Person, load_cast
from tests.support.client_workbooks import a_matrix, a_protocol
from tests.support.forms import a_form
from tests.support.outboxes import CLOCK, a_zip, an_answer
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.stored import put_bytes, storage

WORDS = {
    "field_id": "enclosure",
    "role_id": "technician",
    "filename": "dist/manifest.json",
    "node_id": "enclosure",
}
NOBODY = "nobody"
PEOPLE = ("ana", "ana", "ana", "tess", "tess", "sam", NOBODY)


@dataclass
class World:
    """`rows` has valid values by name of the URL argument."""

    app: Flask
    connection: Connection
    rows: dict[str, list[Any]]
    cookies: dict[str, str]
    tokens: dict[str, str]
    # Targets of signed links. Signed on use, because a link is valid for five minutes.
    link: FileLink
    forms: dict[str, list[Form]] = field(default_factory=dict)
    # What only scripts send, by endpoint.
    scripted: dict[str, Request] = field(default_factory=dict)
    # Forms of pages that no route accepts.
    lost: list[str] = field(default_factory=list)
    # The companies that exist from the start.
    slugs: list[str] = field(default_factory=list)
    strikes: int = 0

    def rules(self, endpoint: str) -> list[Rule]:
        return list(self.app.url_map.iter_rules(endpoint))

    def good_requests(self, endpoint: str) -> list[Request]:
        """The requests that pages or scripts send there; if there are none, its bare URL."""
        if endpoint in self.scripted:
            return [self.scripted[endpoint]]
        found = []
        for rule in self.rules(endpoint):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}) or ["HEAD"]:
                forms = [one for one in self.forms.get(endpoint, []) if one.method == method]
                found += [_request(one) for one in forms] or [
                    Request(method, _parts(path)) for path in self.paths(rule)
                ]
        return found

    def paths(self, rule: Rule) -> list[str]:
        """The URLs of a rule, one for each combination of valid row ids."""
        rows = [name for name in rule.arguments if name in self.rows]
        most = max([len(self.rows[name]) for name in rows], default=1)
        words = _choices(rule)
        paths = []
        for at in range(max([most, *map(len, words.values())])):
            values: dict[str, Any] = {name: WORDS[name] for name in rule.arguments & WORDS.keys()}
            values |= {name: self.rows[name][at % len(self.rows[name])] for name in rows}
            values |= {name: items[at % len(items)] for name, items in words.items()}
            with self.app.test_request_context():
                if "token" in rule.arguments:
                    values["token"] = self.token(rule.endpoint)
                paths.append(self.app.url_for(rule.endpoint, **values))
        return paths

    def token(self, endpoint: str) -> str:
        """A valid token of the kind that this endpoint accepts; other kinds give a 404."""
        if endpoint in ("team.accept", "team.invitation"):
            return INVITATION_LINK.sign(self.rows["invitation_id"][0])
        if endpoint == "auth.reset":
            return RESET_LINK.sign(self.rows["reset_id"][0])
        if endpoint == "witnessing.open":
            return WITNESS_LINK.token(self.rows["witness_id"][0])
        if endpoint in ("checklists.form", "checklists.confirm_form"):
            return KEPT_FORM.sign(self.rows["kept_form"])
        if endpoint == "checking.show":
            return str(self.rows["check_token"][0])
        return sign_link(self.link)


def _choices(rule: Rule) -> dict[str, list[str]]:
    """The words of each `any(...)` in a URL, by argument."""
    found = {name: getattr(one, "items", None) for name, one in rule._converters.items()}
    return {name: sorted(items) for name, items in found.items() if items}


def _parts(path: str) -> tuple[str, ...]:
    """The parts of the URL, so that each can be mutated."""
    pieces = path.split("/")
    return tuple(piece for one in pieces[1:] for piece in ("/", one) if piece) or ("/",)


def _request(form: Form) -> Request:
    place = urlsplit(form.action)
    return Request(
        form.method,
        _parts(place.path),
        query=tuple(parse_qsl(place.query)),
        fields=tuple(form.fields),
        files=tuple(form.files),
    )


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A world on its own database, because a superadmin's changes are really committed."""
    running = test_servers.current()
    name = running.clone(f"laudo_fuzz_{uuid4().hex[:8]}")
    reset_routes.ANSWER_SECONDS = 0  # no artificial delay here
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
    world.scripted = _scripted(rows, cast)
    for key in ("ana", "tess", "sam"):
        client = signed_in_client(app, getattr(cast, key))
        world.tokens[key] = _token(app, client)
        cookie = client.get_cookie("session")
        assert cookie
        world.cookies[key] = f"session={cookie.value}"
        if key == "ana":
            draft = f"/checklists/versions/{rows['version_id'][0]}/edit"
            assert client.post(f"{draft}/add/section", data={"text": "To undo"}).status_code == 303
            _collect(world, client)
            _collect_conflict(world, client)
            _collect_repeat(world, client)
        if key == "sam":
            _collect(world, client)
    guest = app.test_client()
    with app.app_context():
        token = world.token("witnessing.open")
    guest.get(f"/w/{token}")
    world.cookies[NOBODY] = f"witness={token}"
    _collect(world, guest)
    with app.app_context(), platform_scope() as session:
        world.slugs += session.scalars(select(Tenant.slug))
    return world


@contextmanager
def _acting(app: Flask, person: Person) -> Iterator[Actor]:
    assert person.tenant_id
    with app.app_context(), tenant_scope(person.tenant_id):
        yield Actor(person.name, person.role, person.id)


def _token(app: Flask, client: FlaskClient) -> str:
    """A CSRF token of this session, as in every page."""
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get("/account").get_data(as_text=True)
    app.config["WTF_CSRF_ENABLED"] = False
    token: str = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert token, page[:2_000]
    return token


def _collect(world: World, client: FlaskClient) -> None:
    """Collect the forms of all pages that this person can open, by their target endpoint."""
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        for path in world.paths(rule):
            page = client.get(path, follow_redirects=True)
            if page.mimetype == "text/html":
                _take_forms(world, path, page.get_data(as_text=True))


def _collect_conflict(world: World, client: FlaskClient) -> None:
    """The forms of the page that only a stale save returns."""
    path = f"/reports/{world.rows['report_id'][0]}/fields/customer"
    stale = {"value": "Somebody else", "row_version": "0", "client_id": str(uuid4())}
    page = client.post(path, data=stale)
    assert page.status_code == 409, page.status_code
    _take_forms(world, path, page.get_data(as_text=True))


def _collect_repeat(world: World, client: FlaskClient) -> None:
    """The forms of the page about photos that a plain form sent twice."""
    report_id, placement_id = world.rows["report_id"][1], world.rows["placement_id"][2]
    path = f"/reports/{report_id}/fields/enclosure/photos/again?placement={placement_id}"
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    _take_forms(world, path, page.get_data(as_text=True))


def _scripted(rows: dict[str, list[Any]], cast: Cast) -> dict[str, Request]:
    report_id, upload_id, photo = rows["report_id"][0], rows["client_id"][0], a_jpeg((40, 30))
    answer = {"kind": "answer", "client_id": str(uuid4()), "client_at": CLOCK, "base_version": "1"}
    metadata = {"client_id": uuid4(), "sha256": sha256_of(photo), "report_id": report_id}
    announced = ",".join(
        f"{name} {b64encode(str(value).encode()).decode()}" for name, value in metadata.items()
    )
    piece = (("CONTENT_TYPE", "application/offset+octet-stream"), ("HTTP_UPLOAD_OFFSET", "0"))
    archive = a_zip(cast.tess.id, [an_answer(report_id, cast.tess.id, "customer", "Hospital")])
    copy = f"/projects/{rows['project_id'][0]}/workbooks/{rows['workbook_id'][0]}"
    return {
        "exports.fill_project_workbook": Request(
            "POST", _parts(copy), fields=(("report", str(rows["report_id"][2])),)
        ),
        "operations.send": Request(
            "POST",
            _parts(f"/reports/{report_id}/operations"),
            fields=(*answer.items(), ("field_id", "customer"), ("value", "Hospital")),
        ),
        "uploads.create": Request(
            "POST",
            _parts("/uploads"),
            headers=(
                ("HTTP_UPLOAD_LENGTH", str(len(photo))),
                ("HTTP_UPLOAD_METADATA", announced),
            ),
            body=b"",
        ),
        "uploads.append": Request(
            "PATCH", _parts(f"/uploads/{upload_id}"), headers=piece, body=photo[:100]
        ),
        "outboxes.create": Request(
            "POST",
            _parts("/company/unsent-work"),
            files=(File("file", "unsent.zip", archive, "application/zip"),),
        ),
    }


def _take_forms(world: World, path: str, page: str) -> None:
    places = world.app.url_map.bind("localhost")
    for form in forms_of(page):
        # One only closes its dialog, the other is read by a script.
        if form.method == "DIALOG" or (form.method == "GET" and not form.action):
            continue
        place = urlsplit(form.action).path
        if not places.test(place, method=form.method):
            world.lost.append(f"{path}: {form.method} {form.action}")
            continue
        endpoint, _values = places.match(place, method=form.method)
        # The token is chosen separately: most strikes skip the check.
        form.fields = [one for one in form.fields if one[0] != "csrf_token"]
        world.forms.setdefault(endpoint, []).append(form)


def _rows(ana: Actor, cast: Cast) -> dict[str, list[Any]]:
    version = scenarios.a_checklist(ana)
    project = scenarios.a_project(ana)
    equipment, free = scenarios.an_equipment(project), scenarios.an_equipment(project)
    _belonging(project.id, version.checklist_id, cast)
    # One more of each that can still be added to the project.
    scenarios.a_checklist(ana, scenarios.a_definition(code="SPARE"))
    db.session.add(
        Account(email="spare@acme.test", name="Spare Viewer", role=Role.VIEWER, password_hash="!")
    )
    report = scenarios.a_report(
        ana,
        version=version,
        project=project,
        equipment_id=equipment.id,
        assignee_id=cast.tess.id,
    )
    scenarios.all_answers(report, ana)
    full = scenarios.a_report(ana, version=version, project=project)
    scenarios.all_answers(full, ana)
    photos = [
        _photo(report, ana, cast),
        _photo(report, ana, cast, PhotoVerdict.QUARANTINED),
        _photo(full, ana, cast),
        _photo(report, ana, cast, None),
    ]
    lacking = scenarios.a_report(
        ana,
        project=project,
        version=scenarios.a_checklist(ana, scenarios.a_definition_with_positions()),
    )
    photos.append(_photo(lacking, ana, cast, has_position=False))
    signed = content_hash(full, load_facts(full))
    scenarios.a_signature(full, "technician", ana, content_hash=signed)
    drawn = a_jpeg((40, 30))
    picture = object_key(cast.acme, "sign", sha256_of(drawn), ".png")
    put_bytes(picture, drawn)
    signature = scenarios.a_signature(
        report, "client", ana, image_key=picture, image_sha256=sha256_of(drawn)
    )
    done = scenarios.completed(scenarios.a_report(ana, version=version, project=project), ana)
    reviewed, comments = _in_review(version, project, ana, cast)
    logo = object_key(cast.acme, "logo", sha256_of(drawn), ".png")
    put_bytes(logo, drawn)
    with platform_scope() as session:  # committed, so that no other change waits for it
        session.execute(update(Tenant).where(Tenant.id == cast.acme).values(logo_key=logo))
        session.commit()
    brands = [brand_digest(db.session.get_one(Tenant, cast.acme))]
    draft = Version(checklist_id=version.checklist_id, number=2, body=version.body)
    typed = EditConflict(
        report_id=report.id,
        field_id="enclosure",
        value="not_ok",
        base_version=0,
        typed_by=cast.tess.id,
        client_id=uuid4(),
    )
    upload = PhotoUpload(
        client_id=uuid4(),
        account_id=ana.account_id,
        report_id=report.id,
        sha256=sha256_of(drawn),
        byte_size=len(drawn),
    )
    old = _retired(ana)
    db.session.add_all([draft, typed, upload])
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
        "checklist_id": [version.checklist_id, old.checklist_id],
        "version_id": [draft.id, version.id, old.id],
        "report_id": [report.id, full.id, done.id, lacking.id, *reviewed],
        "comment_id": [comments[0]] * 5 + comments,
        "witness_id": [_witness(report, ana, picture, sha256_of(drawn))],
        "placement_id": photos,
        "signature_id": [signature.id],
        "document_id": _documents(report.id, done.id, ana, cast),
        "export_id": _exports(ana, cast),
        "answers_id": _answers(ana, cast),
        "bundle_id": _bundles(ana, cast, done.id),
        "preview_id": [_preview(ana, picture)],
        "access_id": [_look(cast)],
        "entry_id": [_entry(ana)],
        "conflict_id": [typed.id],
        "client_id": [upload.client_id],
        "digest": brands,
        "check_token": [done.check_token],
        "kept_form": _kept_form(cast),
        "workbook_id": _client_workbooks(version, ana),
    }


def _retired(ana: Actor) -> Version:
    """The older of two versions of a checklist that is retired."""
    older = scenarios.a_checklist(ana, scenarios.a_definition(code="OLD"))
    newer = Version(
        checklist_id=older.checklist_id, number=2, body=older.body, published_at=older.published_at
    )
    newer.published_by = ana.account_id
    db.session.add(newer)
    older.checklist.status = ChecklistStatus.RETIRED
    db.session.commit()
    return older


def _client_workbooks(version: Version, ana: Actor) -> list[UUID]:
    """One that the version was made of, and one of devices with a click to take back."""
    protocol, devices = (
        _mapped(a_protocol(), ana),
        _mapped(a_matrix({"PDU": ["PDU-1", "PDU-2"]}), ana),
    )
    devices.corrections = [{"target": "sheet", "sheet": "Legend", "choice": "ignore"}]
    db.session.flush()
    places = mapping_of(protocol).checklists[0].places.model_dump(mode="json")
    own = VersionWorkbook(version_id=version.id, workbook_id=protocol.id, places=places)
    db.session.add(own)
    db.session.commit()
    return [protocol.id, devices.id]


def _mapped(data: bytes, ana: Actor) -> ClientWorkbook:
    """As `keep_workbook` does, without a child process that a busy machine gives no time."""
    workbook = ClientWorkbook(
        created_by=ana.account_id,
        file_name="protocol.xlsx",
        sha256=sha256_of(data),
        content=data,
        mapping=map_book(open_book(data), filename_stem="protocol").model_dump(
            mode="json", exclude_defaults=True
        ),
    )
    db.session.add(workbook)
    return workbook


def _witness(report: Report, ana: Actor, picture: str, sha256: str) -> UUID:
    """A witness of an open report, whose signature is void by now."""
    witness_id: UUID = uuid4()
    token_hash = hash_of(WITNESS_LINK.token(witness_id))
    scenarios.a_witness(report, ana, role_id="client", id=witness_id, token_hash=token_hash)
    image = {"image_key": picture, "image_sha256": sha256}
    scenarios.a_signature(report, "client", ana, taken_by=None, witness_id=witness_id, **image)
    return witness_id


def _in_review(
    version: Version, project: Project, ana: Actor, cast: Cast
) -> tuple[list[UUID], list[UUID]]:
    """A report of Tess at each stage of its review: nobody has begun, begun, with an open comment,
    and returned; and the comments of the last two."""
    tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    waits = {"reviewer_id": None, "begun_at": None, "closed_at": None}
    stages: list[tuple[ReviewState, ReportStatus, dict[str, Any]]] = [
        (ReviewState.WAITING, ReportStatus.SUBMITTED, waits),
        (ReviewState.BEGUN, ReportStatus.SUBMITTED, {}),
        (ReviewState.BEGUN, ReportStatus.SUBMITTED, {}),
        (ReviewState.RETURNED, ReportStatus.RETURNED, {}),
    ]
    reports, comments = [], []
    for state, status, columns in stages:
        report = scenarios.a_report(tess, version=version, project=project)
        scenarios.all_answers(report, tess)
        _photo(report, tess, cast)
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", tess, content_hash=signed)
        report.status, report.submitted_at = status, datetime.now(UTC)
        review = scenarios.a_review(report, ana, state=state, **columns)
        if len(reports) >= 2:
            comments.append(scenarios.a_comment(review, "customer", "Which one?", ana).id)
        reports.append(report.id)
    db.session.commit()
    return reports, comments


def _look(cast: Cast) -> UUID:
    """A support access, which only the platform's role can write. It has ended."""
    ended = datetime.now(UTC)
    look = SupportAccess(
        tenant_id=cast.acme,
        superadmin_id=cast.sam.id,
        superadmin_name="Sam",
        reason="x",
        expires_at=ended,
        ended_at=ended,
    )
    with platform_scope() as session:
        session.add(look)
        session.commit()
        return look.id


def _leaver() -> UUID:
    """A suspended company, because only these can be deleted."""
    leaver = Tenant(name="Leaver", slug=LEAVER, status="suspended", suspended_at=datetime.now(UTC))
    with platform_scope() as session:
        session.add(leaver)
        session.commit()
        return leaver.id


def _entry(ana: Actor) -> UUID:
    entry = record("test.done", About("test", None), ana)
    db.session.commit()
    return entry.id


# A company as in the cast; LEAVER differs in its status.
AS_MADE: dict[str, Any] = {
    "status": "active",
    "plan": "standard",
    "limits": {},
    "trial_ends_at": None,
    "suspended_reason": None,
    "deletion_due_at": None,
    "deletion_reason": None,
    "locale": "en",
    "time_zone": "UTC",
}


def as_before(world: World) -> None:
    """Undo what a superadmin really committed: reset companies and close support accesses.

    Companies cannot be deleted, so a new one only gives up its slug for the next. Rows that are
    right are not updated: every older version stays while the outer transaction lasts, and slows
    down all reads of the row.
    """
    open_session = dict.fromkeys(("support_access_id", "support_tenant_id", "revoked_at"))
    with world.app.app_context(), platform_scope() as session:
        here, suspended = AS_MADE | {"suspended_at": None}, AS_MADE | {"status": "suspended"}
        others = update(Tenant).where(Tenant.slug != LEAVER, _differs(Tenant, here))
        session.execute(others.values(here))
        leaver = update(Tenant).where(Tenant.slug == LEAVER, _differs(Tenant, suspended))
        session.execute(leaver.values(suspended | {"suspended_at": func.now()}))
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
    """The project's members, viewers and checklist, each with a form on the page."""
    db.session.add_all(
        [
            ProjectMember(project_id=project_id, account_id=cast.tess.id),
            ProjectGrant(project_id=project_id, account_id=cast.vera.id),
            ProjectChecklist(project_id=project_id, checklist_id=checklist_id, position=1),
        ]
    )
    db.session.commit()


def _people(cast: Cast) -> list[UUID]:
    """A technician, a viewer with a second factor, and a person who left."""
    db.session.execute(
        update(Account).where(Account.id == cast.vera.id).values(totp_confirmed_at=func.now())
    )
    left = Account(
        email="left@acme.test",
        name="Lena Left",
        role=Role.MANAGER,
        password_hash="!",
        is_active=False,
    )
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
    """An admin invited by the platform and not yet approved by the company."""
    invitation = Invitation(
        email="waits@acme.test",
        name="Wanda Waits",
        role=Role.ADMIN,
        invited_by_name="Sam Super",
        expires_at=datetime.now(UTC) + timedelta(days=6),
    )
    db.session.add(invitation)
    db.session.commit()
    invitation_id: UUID = invitation.id
    return invitation_id


def _invitation(ana: Actor) -> UUID:
    """An open invitation, last sent a day ago."""
    invitation = Invitation(
        email="invited@acme.test",
        name="Ivo Invited",
        role=Role.VIEWER,
        invited_by=ana.account_id,
        invited_by_name=ana.name,
        expires_at=datetime.now(UTC) + timedelta(days=6),
    )
    db.session.add(invitation)
    db.session.commit()
    invitation_id: UUID = invitation.id
    return invitation_id


def _photo(
    report: Any, ana: Actor, cast: Cast, verdict: Any = PhotoVerdict.GOOD, **facts: Any
) -> UUID:
    """The placement of a photo with its bytes and both derivatives."""
    data = a_jpeg((64, 48))
    photo = scenarios.a_photo(report, "enclosure", ana, verdict=verdict, data=data, **facts)
    photo_id, placement_id = photo.id, scenarios.place_of(photo).id
    if verdict is None:
        db.session.add(PhotoCheck(photo_id=photo_id, state=WorkState.FAILED, error="gave_up"))
    key = object_key(cast.acme, "derived", sha256_of(data), ".jpg")
    put_bytes(key, data)
    db.session.add_all(
        Derivative(
            photo_id=photo_id,
            kind=kind,
            recipe="r1",
            storage_key=key,
            sha256=sha256_of(data),
            byte_size=len(data),
            width=64,
            height=48,
        )
        for kind in DerivativeKind
    )
    db.session.commit()
    return placement_id


def _kept_form(cast: Cast) -> list[str]:
    """What the token of an uploaded XLSForm says: key, file name, account."""
    survey = (("type", "name", "label::en", "label::pt"), ("text", "q", "Question", "Pergunta"))
    data = a_form(survey=survey)
    key = object_key(cast.acme, "form", sha256_of(data))
    put_bytes(key, data)
    return [key, "form.xlsx", str(cast.ana.id)]


def _link(document_id: UUID, cast: Cast) -> FileLink:
    document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
    return FileLink(
        tenant_id=cast.acme,
        account_id=cast.ana.id,
        purpose="document",
        file_name="a.pdf",
        key=str(document.storage_key),
        sha256=str(document.sha256),
        media_type="application/pdf",
        byte_size=document.byte_size or 0,
    )


def _preview(ana: Actor, picture: str) -> UUID:
    """A preview whose pictures exist."""
    picture = picture.replace("/sign/", "/preview/")
    with storage().open(picture.replace("/preview/", "/sign/")) as drawn:
        put_bytes(picture, drawn.read())
    preview = BrandPreview(
        requested_by=ana.account_id,
        settings={},
        state=WorkState.DONE,
        cover_key=picture,
        page_key=picture,
        photo_key=picture,
    )
    db.session.add(preview)
    db.session.commit()
    preview_id: UUID = preview.id
    return preview_id


def _exports(ana: Actor, cast: Cast) -> list[UUID]:
    """One finished archive and one that waits."""
    data = b"PK small"
    key = object_key(cast.acme, "export", sha256_of(data), ".zip")
    put_bytes(key, data)
    made = Export(
        requested_by=ana.account_id,
        state=WorkState.DONE,
        storage_key=key,
        sha256=sha256_of(data),
        byte_size=len(data),
        progress_done=9,
        progress_total=10,
    )
    waits = Export(requested_by=ana.account_id)
    db.session.add_all([made, waits])
    db.session.commit()
    return [made.id, waits.id]


def _bundles(ana: Actor, cast: Cast, report_id: UUID) -> list[UUID]:
    """One finished evidence bundle of a report, and one that failed."""
    data = b"PK bundle"
    key = object_key(cast.acme, "bundle", sha256_of(data), ".zip")
    put_bytes(key, data)
    facts: dict[str, Any] = {
        "requested_by": ana.account_id,
        "role": ana.role,
        "report_id": report_id,
    }
    rows = [
        Bundle(
            **facts,
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(data),
            byte_size=len(data),
        ),
        Bundle(**facts, state=WorkState.FAILED, error="no_room"),
    ]
    db.session.add_all(rows)
    db.session.commit()
    return [row.id for row in rows]


def _answers(ana: Actor, cast: Cast) -> list[UUID]:
    """One finished export of answers, one that waits, and one that failed."""
    data = b"PK answers"
    key = object_key(cast.acme, "answers", sha256_of(data))
    put_bytes(key, data)
    facts: dict[str, Any] = {
        "requested_by": ana.account_id,
        "role": ana.role,
        "format": AnswerFormat.XLSX,
        "wanted": {},
        "filters": {"status": "completed"},
        "locale": "en",
        "time_zone": "UTC",
    }
    counts = {"reports": 2, "photos": 3, "exceptions": 1}
    rows = [
        AnswerExport(
            **facts,
            digest="1" * 64,
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(data),
            byte_size=len(data),
            counts=counts,
        ),
        AnswerExport(**facts, digest="2" * 64),
        AnswerExport(**facts, digest="3" * 64, state=WorkState.FAILED, error="too_wide"),
    ]
    db.session.add_all(rows)
    db.session.commit()
    return [row.id for row in rows]


def _documents(report_id: UUID, done_id: UUID, ana: Actor, cast: Cast) -> list[UUID]:
    """One finished PDF and one that failed."""
    data = b"%PDF-1.7 small"
    pdf = object_key(cast.acme, "pdf", sha256_of(data), ".pdf")
    put_bytes(pdf, data)
    made = Document(
        report_id=report_id,
        requested_by=ana.account_id,
        is_preview=True,
        state=WorkState.DONE,
        storage_key=pdf,
        sha256=sha256_of(data),
        byte_size=14,
        pages=1,
    )
    failed = Document(
        report_id=done_id,
        requested_by=ana.account_id,
        is_preview=False,
        state=WorkState.FAILED,
        error="gave_up",
    )
    db.session.add_all([made, failed])
    db.session.commit()
    token = object_key(cast.acme, "stamp", sha256_of(data), ".tsr")
    put_bytes(token, data)
    stamp = DocumentStamp(
        document_id=made.id,
        state=WorkState.DONE,
        storage_key=token,
        sha256=sha256_of(data),
        byte_size=14,
        stamped_at=datetime.now(UTC),
        authority="Authority",
    )
    db.session.add(stamp)
    db.session.commit()
    return [made.id, failed.id]

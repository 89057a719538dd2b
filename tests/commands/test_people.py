"""`flask tenant` and `flask user`: companies and people from the command line, on a real database."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select

from app.auth.account_stores import account_store_by_email
from app.auth.passwords import verify_password
from app.auth.queries import get_factors
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Account, PlatformAuditEntry, Role, Superadmin, Tenant
from app.tenancy import platform_scope, tenant_scope
from tests.support.alone import app_alone

GOOD = "a good long sentence"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """An app on its own clone of the database, because commands commit."""
    with app_alone(tmp_path_factory.mktemp("people")) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        yield app


@pytest.fixture(scope="module")
def flask(alone):
    runner = alone.test_cli_runner()

    def run(*arguments: str, fails: bool = False, **options: str) -> str:
        done = runner.invoke(args=arguments, **options)
        assert (done.exit_code != 0) is fails, done.output
        return done.output

    return run


def tenant_of(app, slug):
    with app.app_context(), platform_scope() as session:
        return session.scalars(select(Tenant).where(Tenant.slug == slug)).one_or_none()


def test_a_company_is_created_once(alone, flask):
    words = ("--name", " Norte  Ltda ", "--slug", "norte", "--locale", "pt_BR")
    flask("tenant", "create", *words, "--time-zone", "America/Sao_Paulo")
    assert "already" in flask("tenant", "create", *words, fails=True)
    tenant = tenant_of(alone, "norte")
    assert (tenant.name, tenant.locale, tenant.time_zone) == (
        "Norte Ltda",
        "pt_BR",
        "America/Sao_Paulo",
    )
    assert "norte\tactive\t0\tNorte Ltda" in flask("tenant", "list")
    with alone.app_context(), platform_scope() as session:
        entry = session.scalars(
            select(PlatformAuditEntry).where(PlatformAuditEntry.action == "tenant.created")
        ).one()
        assert entry.tenant_id == tenant.id and "command line" in entry.actor_name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--name", "X", "--slug", "Not A Slug"), "is not a valid slug"),
        (("--name", "X", "--slug", "-x"), "is not a valid slug"),
        (("--name", " ", "--slug", "blank"), "A name must have 1 to"),
        (("--name", "X", "--slug", "x1", "--locale", "tlh"), "is not available in"),
        (("--name", "X", "--slug", "x1", "--time-zone", "Mars"), "not the name of a time zone"),
    ],
)
def test_invalid_companies_are_refused(flask, words, sentence):
    assert sentence in flask("tenant", "create", *words, fails=True)


def test_a_company_is_branded(alone, flask, tmp_path):
    target = io.BytesIO()
    Image.new("RGB", (60, 30), "navy").save(target, "PNG")
    logo, junk = tmp_path / "logo.png", tmp_path / "junk.png"
    logo.write_bytes(target.getvalue())
    junk.write_text("no image")
    flask("tenant", "brand", "acme", "--logo", str(logo), "--accent", "#0B6E4F", "--contact", "Hi")
    tenant = tenant_of(alone, "acme")
    assert tenant.logo_key.startswith(f"t/{tenant.id}/logo/")
    assert (tenant.colour_accent, tenant.contact) == ("#0b6e4f", "Hi")
    assert "not a PNG or JPEG" in flask("tenant", "brand", "acme", "--logo", str(junk), fails=True)
    assert "not a colour" in flask("tenant", "brand", "acme", "--accent", "red", fails=True)
    assert "No company has the slug" in flask("tenant", "brand", "nowhere", fails=True)


def user(email, *more):
    return ("user", "create", "--email", email, "--name", "New Person", *more)


def test_a_person_is_created_and_can_log_in(alone, flask):
    more = ("--tenant", "acme", "--role", "technician", "--password", GOOD)
    flask(*user(" New@Acme.test ", *more))
    with alone.app_context(), tenant_scope(tenant_of(alone, "acme").id):
        account = db.session.scalars(select(Account).where(Account.email == "new@acme.test")).one()
        assert account.role is Role.TECHNICIAN and verify_password(account.password_hash, GOOD)
        entry = list_entries("account", account.id)[0]
        assert entry.action == "account.created" and GOOD not in entry.body
    client = alone.test_client()
    answer = client.post("/login", data={"email": "new@acme.test", "password": GOOD})
    assert answer.status_code == 303


def test_an_e_mail_is_unique_across_the_platform(flask):
    elsewhere = ("--tenant", "other", "--role", "viewer", "--password", GOOD)
    assert "Someone already has the e-mail" in flask(*user("ana@acme.test", *elsewhere), fails=True)
    assert "Someone already has" in flask(*user("sam@laudo.test", *elsewhere), fails=True)
    superadmin = user("ana@acme.test", "--superadmin", "--password", GOOD)
    assert "Someone already has" in flask(*superadmin, fails=True)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--tenant", "acme", "--role", "viewer", "--password", "short"), "10 to 200 characters"),
        (("--tenant", "nowhere", "--role", "viewer", "--password", GOOD), "No company"),
        (("--tenant", "acme", "--role", "boss", "--password", GOOD), "boss"),
        (("--tenant", "acme", "--password", GOOD), "--role"),
        (("--tenant", "acme", "--role", "viewer", "--superadmin"), "--superadmin"),
        ((), "--superadmin"),
    ],
)
def test_invalid_people_are_refused(flask, more, sentence):
    assert sentence in flask(*user("x@acme.test", *more), fails=True)


def test_a_bad_e_mail_is_refused(flask):
    more = ("--tenant", "acme", "--role", "viewer", "--password", GOOD)
    for email in ("no-at-sign", "a@b", "a b@c.test", "x" * 250 + "@c.test"):
        assert "is not a valid e-mail address" in flask(*user(email, *more), fails=True)


def test_a_password_is_prompted_or_generated_and_shown_once(alone, flask):
    more = ("--tenant", "acme", "--role", "viewer")
    assert GOOD not in flask(*user("asked@acme.test", *more), input=f"{GOOD}\n")
    made = flask(*user("made@acme.test", *more), input="\n").split("Password: ")[1].split()[0]
    for email, password in (("asked@acme.test", GOOD), ("made@acme.test", made)):
        client = alone.test_client()
        answer = client.post("/login", data={"email": email, "password": password})
        assert answer.status_code == 303


def test_a_deactivated_account_is_logged_out_at_once(alone, flask):
    more = ("--tenant", "acme", "--role", "viewer", "--password", GOOD)
    flask(*user("leaver@acme.test", *more))
    client = alone.test_client()
    client.post("/login", data={"email": "leaver@acme.test", "password": GOOD})
    assert client.get("/account").status_code == 200
    flask("user", "deactivate", "--email", "Leaver@acme.test")
    assert client.get("/account").status_code == 303
    again = flask("user", "deactivate", "--email", "leaver@acme.test", fails=True)
    assert "Nobody active" in again


def test_the_last_admin_stays(flask):
    refused = flask("user", "deactivate", "--email", "otto@other.test", fails=True)
    assert "is the last admin" in refused


def test_a_superadmin_is_created_and_closed(alone, flask):
    flask(*user("root@laudo.test", "--superadmin", "--password", GOOD))
    client = alone.test_client()
    client.post("/login", data={"email": "root@laudo.test", "password": GOOD})
    assert "Companies" in client.get("/", follow_redirects=True).text
    flask("user", "deactivate", "--email", "root@laudo.test")
    assert client.get("/account").status_code == 303
    with alone.app_context(), platform_scope() as session:
        person = session.scalars(select(Superadmin).where(Superadmin.email == "root@laudo.test"))
        assert not person.one().is_active


def test_an_operator_resets_a_persons_second_factor_and_password(alone, flask):
    with alone.app_context(), account_store_by_email("tess@acme.test") as store:
        store.add(store.passkeys, credential_id="tess", public_key="x", name="Phone")
        store.session.commit()
    assert "password alone" in flask("user", "reset-two-factor", " Tess@acme.test ")
    flask("user", "reset-password", "tess@acme.test", "--password", GOOD)
    with alone.app_context(), account_store_by_email("tess@acme.test") as store:
        assert not get_factors(store).is_on
        assert verify_password(store.person.password_hash, GOOD)
        actions = [one.action for one in list_entries("account", store.person.id)]
        assert actions[-2:] == ["account.two_factor_reset", "account.password_set"]


def test_an_operator_resets_a_superadmin_too(alone, flask):
    with alone.app_context(), account_store_by_email("sam@laudo.test") as store:
        store.add(store.passkeys, credential_id="sam", public_key="x", name="Phone")
        store.session.commit()
    flask("user", "reset-two-factor", "sam@laudo.test")
    made = flask("user", "reset-password", "sam@laudo.test", input="\n")
    with alone.app_context(), account_store_by_email("sam@laudo.test") as store:
        assert not get_factors(store).is_on
        printed = made.rpartition("Password: ")[2].split()[0]
        assert verify_password(store.person.password_hash, printed)


def test_an_unknown_e_mail_gives_a_message(flask):
    for command in ("reset-two-factor", "reset-password"):
        output = flask("user", command, "nobody@nowhere.test", input="\n", fails=True)
        assert "Nobody active" in output

"""Companies and people from the command line: `flask tenant ...`, `flask user ...`."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup

from app.auth.account_stores import AccountStore, account_store_by_email
from app.auth.second_factor import clear_second_factors
from app.auth.service import set_password
from app.branding.service import Brand, brand_tenant
from app.errors import DomainError
from app.extensions import db
from app.models import TENANT_ROLES, Actor, Role
from app.platform import service as platform
from app.platform.queries import get_tenant_id, list_tenants
from app.team.queries import has_active_admin
from app.team.service import create_account, deactivate_account
from app.tenancy import call_definer, platform_scope, tenant_scope

tenant = AppGroup("tenant", help="Companies.")
user = AppGroup("user", help="People.")
COMMANDS = (tenant, user)

File = click.Path(exists=True, dir_okay=False, path_type=Path)


def operator() -> Actor:
    """The operating system's user who runs the command, as an actor for the audit."""
    return Actor(f"{getpass.getuser()} (command line)")


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turn a DomainError into one line and exit status 1."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(str(error)) from error


@tenant.command("create")
@click.option("--name", required=True)
@click.option("--slug", required=True, help="Small letters, digits and hyphens.")
@click.option("--locale", default="en", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True)
def create_tenant(name: str, slug: str, locale: str, time_zone: str) -> None:
    """Create a company."""
    with refusals_as_errors(), platform_scope() as session:
        made = platform.create_tenant(
            session, name=name, slug=slug, locale=locale, time_zone=time_zone, actor=operator()
        )
        session.commit()
    click.echo(f"Created {made.slug} ({made.id}).")


@tenant.command("list")
def list_all() -> None:
    """List the companies: slug, status, active accounts, name."""
    for line in list_tenants():
        click.echo(f"{line.slug}\t{line.status}\t{line.accounts}\t{line.name}")


@tenant.command("brand")
@click.argument("slug")
@click.option("--logo", type=File, help="PNG or JPEG.")
@click.option("--second-logo", type=File, help="PNG or JPEG, for example the client's.")
@click.option("--accent", help="#rrggbb")
@click.option("--second", help="#rrggbb")
@click.option("--third", help="#rrggbb")
@click.option("--contact", help="The line under the company's name in a PDF.")
def brand(
    slug: str,
    logo: Path | None,
    second_logo: Path | None,
    accent: str | None,
    second: str | None,
    third: str | None,
    contact: str | None,
) -> None:
    """Set logos, colours and contact of a company. Options that are not given change nothing."""
    new_brand = Brand(
        logo=logo.read_bytes() if logo else None,
        second_logo=second_logo.read_bytes() if second_logo else None,
        accent=accent,
        second=second,
        third=third,
        contact=contact,
    )
    with refusals_as_errors(), tenant_scope(get_tenant_id(slug)):
        brand_tenant(new_brand, actor=operator())
        db.session.commit()
    click.echo(f"Branded {slug}.")


@user.command("create")
@click.option("--tenant", "slug", help="The company's slug.")
@click.option("--superadmin", is_flag=True, help="Runs the platform; has no company.")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in TENANT_ROLES]))
@click.option("--password", help="Asked for when left out; an empty answer makes one.")
def create_user(
    slug: str | None,
    superadmin: bool,
    email: str,
    name: str,
    role: str | None,
    password: str | None,
) -> None:
    """Create a person of a company, or a superadmin."""
    if superadmin == bool(slug) or bool(slug) != bool(role):
        raise click.UsageError("Give either --tenant and --role, or --superadmin.")
    chosen = _given_or_generated(password)
    with refusals_as_errors():
        if slug and role:
            with tenant_scope(get_tenant_id(slug)):
                _require_no_admin(Role(role))
                create_account(
                    email=email,
                    name=name,
                    role=Role(role),
                    password=chosen,
                    actor=operator(),
                )
                db.session.commit()
        else:
            with platform_scope() as session:
                platform.create_superadmin(
                    session, email=email, name=name, password=chosen, actor=operator()
                )
                session.commit()
    click.echo(f"Created {email.strip().lower()}.")


def _require_no_admin(role: Role) -> None:
    """Only the first admin is created here: the company's admins invite the others."""
    if role is Role.ADMIN and has_active_admin():
        raise click.ClickException(
            "This company has an active admin. Let them invite the new one, or invite them on the"
            " company's page of the platform: an admin of the company approves it."
        )


def _given_or_generated(password: str | None) -> str:
    """The given password, or a generated one, which is printed because it is shown nowhere else."""
    if password is None:
        password = click.prompt(
            "Password (empty: make one)", default="", hide_input=True, show_default=False
        )
    if not password:
        password = secrets.token_urlsafe(12)
        click.echo(f"Password: {password}")
    return password


@user.command("deactivate")
@click.option("--email", required=True)
def deactivate_user(email: str) -> None:
    """Deactivate an account and end its sessions. The person's work stays."""
    email = email.strip().lower()
    rows = call_definer("find_account_by_email", p_email=email)
    with refusals_as_errors():
        if rows:
            with tenant_scope(rows[0].tenant_id):
                deactivate_account(account_id=rows[0].account_id, actor=operator())
                db.session.commit()
        else:
            _deactivate_superadmin(email)
    click.echo(f"Deactivated {email}.")


def _deactivate_superadmin(email: str) -> None:
    with platform_scope() as session:
        if not platform.deactivate_superadmin(session, email=email, actor=operator()):
            raise click.ClickException(f"Nobody active has the e-mail {email}.")
        session.commit()


@user.command("reset-password")
@click.argument("email")
@click.option("--password", help="Asked for when left out; an empty answer makes one.")
def reset_password(email: str, password: str | None) -> None:
    """Set a new password and end every session. Lets a superadmin back in."""
    chosen = _given_or_generated(password)
    with refusals_as_errors(), account_store_by_email(email.strip().lower()) as store:
        _require_active_person(store, email)
        set_password(store=store, new=chosen, actor=operator())
        store.session.commit()
    click.echo(f"The password of {email} is set; the second factor stays as it was.")


@user.command("reset-two-factor")
@click.argument("email")
def reset_two_factor(email: str) -> None:
    """Remove authenticator, passkeys and recovery codes, and end every session."""
    with refusals_as_errors(), account_store_by_email(email.strip().lower()) as store:
        _require_active_person(store, email)
        clear_second_factors(store=store, actor=operator())
        store.session.commit()
    click.echo(f"{email} logs in with the password alone now.")


def _require_active_person(store: AccountStore, email: str) -> None:
    if store.person is None:
        raise click.ClickException(f"Nobody active has the e-mail {email}.")

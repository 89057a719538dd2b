"""`flask sealer`, the process that holds the keys of seals, and `flask seal` for operators."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.commands.people import File, operator, refusals_as_errors
from app.config import SealSettings
from app.documents.own_keys import retire_own_key, use_own_key
from app.documents.stamps import request_missing_stamps
from app.extensions import db
from app.platform.queries import get_tenant_id
from app.sealing.certificates import Certificate, UnfitKey, make_key_pair, read_new_pkcs12
from app.sealing.client import (
    Installation,
    SealerAway,
    SealRefused,
    ask_installation,
    ask_wrapped,
)
from app.sealing.folder import KeyFolder
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

# An address may have no other host, such as one of IPv6.
DOMAIN = re.compile(r"[a-z0-9.-]+")

seal = AppGroup("seal", help="The seal of finished PDFs: its keys and certificates.")


@click.command("sealer")
@with_appcontext
def sealer() -> None:
    """Hold the seal's key and seal PDFs for workers until stopped. Makes the key on first run."""
    from app.sealing.holder import KeyHolder
    from app.sealing.server import AlreadyRunning, serve

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(KeyHolder(SealSettings(), *own_name()), _socket(), stop)
    except (AlreadyRunning, OSError, UnfitKey) as error:
        raise click.ClickException(f"The sealer cannot start: {error}") from error


@seal.command("status")
def status() -> None:
    """Show the certificate that seals now and those before, as the sealer knows them."""
    try:
        known = ask_installation(_socket())
    except (SealerAway, SealRefused) as error:
        raise click.ClickException(f"PDFs wait, because nothing is sealed: {error}") from error
    _print_status(known)


@seal.command("rotate")
@click.confirmation_option(
    prompt="Make a new key and remove the old one for good? People who trusted the old"
    " certificate have to trust the new one."
)
def rotate() -> None:
    """Seal with a new key from now on. Run it as the user of the sealer."""
    _replace(lambda folder: folder.replace(make_key_pair(*own_name())))


@seal.command("import")
@click.argument("file", type=File)
@click.option("--tenant", "slug", help="Only for the PDFs of this company.")
@click.option("--password-file", type=File, help="Has the password; otherwise it is asked for.")
def import_key(file: Path, slug: str | None, password_file: Path | None) -> None:
    """Seal with the key of a PKCS#12 FILE, such as an A1 certificate of ICP-Brasil."""
    if password_file:
        password = password_file.read_text().rstrip("\r\n")
    else:
        password = click.prompt("Password of the file", hide_input=True, default="")
    data = file.read_bytes()
    if slug:
        _import_for(slug, data, password)
        return
    try:
        pair = read_new_pkcs12(data, password)
    except UnfitKey as error:
        raise click.ClickException(str(error)) from error
    _replace(lambda folder: folder.replace(pair))


@seal.command("retire")
@click.argument("slug")
def retire(slug: str) -> None:
    """Seal this company's PDFs with the installation's key again."""
    with refusals_as_errors(), tenant_scope(get_tenant_id(slug)):
        retire_own_key(actor=operator())
        db.session.commit()
    click.echo(f"The PDFs of {slug} get the installation's seal from now on.")


@seal.command("stamp")
def stamp() -> None:
    """Request the time stamps that sealed PDFs lack, and again those that failed."""
    if not current_app.config["TSA_URL"]:
        raise click.ClickException("No time stamp authority is known: set TSA_URL.")
    count = 0
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            count += request_missing_stamps()
            db.session.commit()
    click.echo(f"{count} time stamps requested.")


def own_name() -> tuple[str, str]:
    """Name and e-mail address in the certificate that an installation makes for itself."""
    host = (urlsplit(current_app.config["BASE_URL"]).hostname or "").encode("idna").decode()
    domain = host if DOMAIN.fullmatch(host) else "localhost"
    return f"Laudo seal, {host}", f"laudo@{domain}"


def _import_for(slug: str, data: bytes, password: str) -> None:
    with refusals_as_errors():
        tenant_id = get_tenant_id(slug)
    with refusals_as_errors(), tenant_scope(tenant_id):
        try:
            wrapped, certificate = ask_wrapped(_socket(), tenant_id, data, password)
        except SealerAway as error:
            raise click.ClickException(f"Start the sealer first: {error}") from error
        except SealRefused as error:
            raise click.ClickException(error.words or str(error)) from error
        use_own_key(wrapped=wrapped, certificate=certificate, actor=operator())
        db.session.commit()
    click.echo(f"The PDFs of {slug} are sealed by {_line(certificate)}")


def _replace(act: Callable[[KeyFolder], None]) -> None:
    settings = SealSettings()
    if settings.seal_pkcs11_module:
        raise click.ClickException("The key is in a PKCS#11 token: replace it there.")
    folder = KeyFolder(settings.seal_dir)
    try:
        act(folder)
    except OSError as error:
        raise click.ClickException(
            f"{settings.seal_dir} cannot be written ({error.strerror}): run this as the user of"
            " the sealer."
        ) from error
    click.echo(f"PDFs are sealed by {_line(folder.read().described)}")


def _print_status(known: Installation) -> None:
    click.echo(f"now     {_line(known.current)}")
    for one in known.former:
        click.echo(f"before  {_line(one)}")


def _line(one: Certificate) -> str:
    return (
        f"{one.fingerprint}  {one.subject}  {one.valid_from:%Y-%m-%d} to {one.valid_until:%Y-%m-%d}"
    )


def _socket() -> Path:
    return Path(current_app.config["SEAL_SOCKET"])


COMMANDS = (sealer, seal)

"""Checks of this machine: settings, disks, and the system libraries that PDFs need."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from app.commands.check.finding import Finding, ok, run, warning, wrong
from app.config import ROOT
from app.fonts import FontsMissing

LEAST_KINDS = 12  # distinct characters in a key; 32 random base64 characters have about 25
PLACEHOLDERS = ("change", "example", "secret", "password", "at-least", "random")
MIB = 1024**2
TIGHT, TOO_TIGHT = 5 * 1024 * MIB, 512 * MIB
HERE = ("localhost", "127.0.0.1", "::1")
# Made by `make setup` and by the image's build, never committed.
BUILT = {
    "app/static/dist/manifest.json": "the pages have no style and no script",
    "app/static/fonts/coverage.json": "PDFs and strips have no type",
    "app/translations/pt_BR/LC_MESSAGES/messages.mo": "pages in Portuguese are in English",
}


def check_machine() -> Iterator[Finding]:
    yield from _secret_key()
    yield from _hosts()
    yield from run("disk", _disk, "The room on the disks could not be read.")
    yield from _built()
    libraries = "Install the system libraries with `deploy/system-packages.sh run`."
    yield from run("pdf", _pdf, f"PDFs cannot be drawn. {libraries}")
    yield from _strip()


def _secret_key() -> Iterator[Finding]:
    key: str = current_app.config["SECRET_KEY"]
    make = "Make one with `python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
    if len(set(key)) < LEAST_KINDS:
        yield wrong("secret_key", f"SECRET_KEY can be guessed: anybody could log in. {make}")
    elif any(word in key.lower() for word in PLACEHOLDERS):
        yield warning("secret_key", f"SECRET_KEY reads like a placeholder. {make}")
    else:
        yield ok("secret_key", "SECRET_KEY is long and mixed; it is the same on every machine.")


def _hosts() -> Iterator[Finding]:
    address = urlsplit(current_app.config["BASE_URL"])
    name = address.hostname or ""
    trusted = current_app.config["TRUSTED_HOSTS"]
    if name in HERE:
        yield ok("hosts", f"Laudo serves this machine alone, as {name}.")
        return
    if address.scheme != "https":
        yield wrong(
            "hosts",
            "BASE_URL is not https: cookies travel open, and phones refuse camera and place.",
        )
    if not trusted:
        yield warning(
            "hosts",
            f"TRUSTED_HOSTS is unset, so any host name is answered: set TRUSTED_HOSTS={name}.",
        )
    elif not any(_is_trusted(name, one) for one in trusted):
        yield wrong("hosts", f"TRUSTED_HOSTS lacks {name}, the host of BASE_URL: add it.")
    elif address.scheme == "https":
        yield ok("hosts", f"{name} is served by https; other names are refused.")


def _is_trusted(name: str, one: str) -> bool:
    return name == one or (one.startswith(".") and f".{name}".endswith(one))


def _disk() -> Iterator[Finding]:
    folders = {"temporary files": Path(tempfile.gettempdir())}
    if not current_app.config.get("STORAGE_S3_BUCKET"):
        folders["storage"] = Path(current_app.config["STORAGE_DIR"])
    for words, folder in folders.items():
        free = shutil.disk_usage(folder).free
        room = f"{free / MIB:,.0f} MB are free for {words} ({folder})"
        if free < TOO_TIGHT:
            yield wrong("disk", f"Only {room}: make room, uploads will be refused.")
        elif free < TIGHT:
            yield warning("disk", f"Only {room}: make room soon.")
        else:
            yield ok("disk", f"{room}.")


def _built() -> Iterator[Finding]:
    missing = {name: harm for name, harm in BUILT.items() if not (ROOT / name).exists()}
    for name, harm in missing.items():
        yield wrong("built", f"{name} is missing, so {harm}: run `make setup` or build the image.")
    if not missing:
        yield ok("built", "Style, scripts, type and translations are built.")


def _pdf() -> Iterator[Finding]:
    """Render a page, which loads Pango, HarfBuzz, Fontconfig and the fonts."""
    # Imported here because WeasyPrint takes most of a second and no other check needs it.
    from app.pdf.engine import warm_up

    try:
        warm_up()
    except FontsMissing as error:
        yield wrong("pdf", str(error))
    else:
        yield ok("pdf", "A page was drawn.")


def _strip() -> Iterator[Finding]:
    """Draw text, which loads Raqm and FriBidi."""
    from app.imaging.bidi import LayoutMissing
    from app.imaging.lettering import check_layout

    try:
        check_layout()
    except LayoutMissing as error:
        yield wrong("strip", str(error))
    else:
        yield ok("strip", "Letters of every packaged script can be shaped and ordered.")

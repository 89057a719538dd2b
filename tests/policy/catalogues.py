"""The messages of the app, and the Portuguese catalogue."""

from __future__ import annotations

import io
import os
import sys
from functools import cache
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface

ROOT = Path(__file__).resolve().parents[2]


PORTUGUESE = ROOT / "app/translations/pt_BR/LC_MESSAGES/messages.po"


@cache
def collected() -> Catalog:
    target = ROOT / "instance" / f"messages-{os.getpid()}.pot"
    target.parent.mkdir(exist_ok=True)
    here, out = Path.cwd(), sys.stdout
    try:
        os.chdir(ROOT)
        sys.stdout = io.StringIO()
        CommandLineInterface().run(
            [
                "pybabel",
                "-q",
                "extract",
                "-F",
                "app/translations/babel.cfg",
                "-k",
                "lazy_gettext",
                "-k",
                "_l",
                "-o",
                str(target),
                ".",
            ]
        )
        return pofile.read_po(io.BytesIO(target.read_bytes()))
    finally:
        os.chdir(here)
        sys.stdout = out
        target.unlink(missing_ok=True)


def portuguese() -> Catalog:
    return pofile.read_po(io.BytesIO(PORTUGUESE.read_bytes()), locale="pt_BR")

"""Slow work never begins inside an open transaction: every test checks this.

This module tests the check itself, that all slow work is marked, and that `pause` loses nothing.
"""

from __future__ import annotations

import ast
import importlib
import logging
from functools import cache
from inspect import isfunction

import pytest
from sqlalchemy import select, text

from app.evidence.service import About, record
from app.extensions import db
from app.models import Account, Project
from app.slow_work import slow_work
from app.storage import Storage, storage
from app.storage.local import LocalStorage
from app.storage.s3 import S3Storage
from app.transactions import TransactionOpen, WouldBeLost, pause
from tests.policy.sources import APP, modules, tree_of

pytestmark = pytest.mark.xdist_group("sources")

OPERATIONS = [name for name in vars(Storage) if not name.startswith("_")]
# Libraries that wait for other servers or compute for long. A module that imports one of them
# marks the functions through which the app uses it.
SLOW_LIBRARIES = {
    "subprocess",
    "smtplib",
    "openpyxl",
    "weasyprint",
    "boto3",
    "PIL",
    "pypdfium2",
    "pikepdf",
    "simplejpeg",
}
# The other modules that import one, and why they need no mark.
NOT_MARKED = {
    # Called by a marked function, in the same module or below it.
    "app.storage.bucket",
    "app.pdf.fetcher",
    "app.pdf.lean.cards",
    "app.pdf.lean.fitting",
    "app.pdf.lean.fonts",
    "app.pdf.lean.frame",
    "app.pdf.lean.kinds",
    "app.pdf.lean.lengths",
    "app.pdf.lean.letters",
    "app.pdf.lean.page",
    "app.pdf.lean.pictures",
    "app.pdf.lean.shortcuts",
    "app.pdf.lean.tags",
    "app.pdf.proof",
    # In a child process without a session; `clean_*_in_sandbox` and `run_limited` are marked.
    "app.imaging.decode",
    "app.imaging.derivatives",
    "app.imaging.logo",
    "app.imaging.watermark",
    "app.imaging.lettering",
    "app.imaging.pixels",
    "app.imaging.ink",
    "app.imaging.damage",
    "app.imaging.corners",
    "app.imaging.likeness",
    # They start servers and processes before there is an app.
    "app.local.embedded",
    "app.local.stack",
    # Rows are written to a local file as they are read: one query, no locks.
    "app.web.sheets",
    # For workers, which pause first: it renders for `render_pdf` and calls marked functions.
    "app.branding.preview.making",
    "app.branding.preview.photos",
}


def test_the_watch_refuses_slow_work_in_a_transaction(acting, cast):
    with acting(cast.tess):
        db.session.scalars(select(Account)).all()
        with pytest.raises(TransactionOpen):
            storage().exists(f"t/{cast.acme}/x")
        pause()
        assert not storage().exists(f"t/{cast.acme}/x")


def test_in_production_it_is_logged_and_continues(app, acting, cast, monkeypatch, caplog):
    monkeypatch.setitem(app.config, "TESTING", False)
    with acting(cast.tess), caplog.at_level(logging.ERROR):
        db.session.scalars(select(Account)).all()
        assert not storage().exists(f"t/{cast.acme}/x")
    assert "LocalStorage.exists runs inside an open transaction" in caplog.text


def test_every_operation_of_a_storage_is_slow_work():
    quick = {
        (kind, operation)
        for kind in (LocalStorage, S3Storage)
        for operation in OPERATIONS
        if not getattr(getattr(kind, operation), "is_slow_work", False)
    }
    # A local disk makes no links, so this does not wait.
    assert quick <= {(LocalStorage, "link")}


@cache
def slow_modules() -> list[str]:
    found = []
    for path in modules():
        name = ".".join(path.relative_to(APP.parent).with_suffix("").parts)
        if name.startswith("app.commands."):
            continue
        nodes = list(ast.walk(tree_of(path)))
        brought = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
        brought |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        if {one.split(".")[0] for one in brought} & SLOW_LIBRARIES:
            found.append(name)
    return sorted(found)


def _functions(module: object) -> list[object]:
    owners = [module, *(one for one in vars(module).values() if isinstance(one, type))]
    return [one for owner in owners for one in vars(owner).values() if isfunction(one)]


def is_marked(name: str) -> bool:
    """Whether the module marks any of its functions."""
    return any(
        getattr(one, "is_slow_work", False) and getattr(one, "__module__", "") == name
        for one in _functions(importlib.import_module(name))
    )


def test_what_is_slow_by_its_library_is_marked():
    """Also checks the exceptions: a marked module, or one without such a library, is none."""
    assert {name for name in slow_modules() if not is_marked(name)} == NOT_MARKED


@pytest.mark.parametrize(
    "change",
    [
        lambda ana: db.session.add(Project(name="New")),
        lambda ana: db.session.execute(text("select 1")) and _flushed(Project(name="New")),
        lambda ana: record("test.done", About("test", None), ana),
        lambda ana: db.session.scalars(select(Account).with_for_update(key_share=True)).all(),
        lambda ana: db.session.execute(Account.__table__.update().values(name=Account.name)),
    ],
    ids=["new row", "flushed row", "audit entry", "row lock", "update"],
)
def test_a_pause_never_loses_a_change_or_a_lock(acting, cast, change):
    with acting(cast.ana) as ana:
        change(ana)
        with pytest.raises(WouldBeLost):
            pause()
        db.session.commit()
        pause()


def _flushed(row: object) -> None:
    db.session.add(row)
    db.session.flush()


def test_what_was_read_before_a_pause_can_still_be_read(acting, cast):
    with acting(cast.tess):
        account = db.session.scalars(select(Account).where(Account.id == cast.tess.id)).one()
        pause()
        assert account.name == cast.tess.name
        assert not db.session().in_transaction()


def test_marked_work_keeps_its_name_and_its_answer(acting, cast):
    @slow_work
    def answer(number: int) -> int:
        """Words."""
        return number + 1

    assert (answer(1), answer.__name__, answer.__doc__) == (2, "answer", "Words.")

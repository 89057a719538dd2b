"""Slow work never begins inside an open transaction: the app is watched for it in every test.

Here: that the watch works, that everything slow is marked for it, and that `pause` loses nothing.
"""

from __future__ import annotations

import ast
import importlib
import logging
from inspect import isfunction
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.evidence.service import record
from app.extensions import db
from app.models import Account, Project
from app.slow_work import slow_work
from app.storage import Storage, storage
from app.storage.local import LocalStorage
from app.storage.s3 import S3Storage
from app.transactions import TransactionOpen, WouldBeLost, pause

APP = Path(__file__).resolve().parents[2] / "app"
OPERATIONS = [name for name in vars(Storage) if not name.startswith("_")]
# What waits for somebody else or computes for long, by the library that does it. A module that
# brings one of these in marks the functions through which the app reaches it.
SLOW_LIBRARIES = {"subprocess", "smtplib", "openpyxl", "weasyprint", "boto3", "PIL", "pypdfium2",
                  "pikepdf", "simplejpeg"}  # fmt: skip
# Everything else that imports one of them, and why it needs no mark of its own.
NOT_MARKED = {
    # Called by what is marked, in the same module or under it.
    "app.storage.bucket", "app.pdf.fetcher", "app.pdf.fonts", "app.pdf.proof",
    # In a child process, which has no session: `clean_*_apart` and `run_limited` are marked.
    "app.imaging.decode", "app.imaging.derivatives", "app.imaging.logo",
    "app.imaging.watermark", "app.imaging.lettering", "app.imaging.pixels", "app.imaging.ink",
    "app.imaging.damage",
    # They start servers and processes, before there is an app.
    "app.embedded", "app.stack",
    # Rows become a file on the local disk as they are read: one look at the database, no locks.
    "app.web.sheets",
    # For workers, which pause before: it draws for `render_pdf`, and calls what is marked.
    "app.company.previewing", "app.company.sample_photos",
}  # fmt: skip


def test_the_watch_refuses_slow_work_in_a_transaction(acting, cast):
    with acting(cast.tess):
        db.session.scalars(select(Account)).all()
        with pytest.raises(TransactionOpen):
            storage().exists(f"t/{cast.acme}/x")
        pause()
        assert not storage().exists(f"t/{cast.acme}/x")


def test_in_production_it_is_told_and_goes_on(app, acting, cast, monkeypatch, caplog):
    monkeypatch.setitem(app.config, "TESTING", False)
    with acting(cast.tess), caplog.at_level(logging.ERROR):
        db.session.scalars(select(Account)).all()
        assert not storage().exists(f"t/{cast.acme}/x")
    assert "LocalStorage.exists runs inside an open transaction" in caplog.text


@pytest.mark.parametrize("kind", [LocalStorage, S3Storage])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_a_storage_is_slow_work(kind, operation):
    # A local disk makes no links, at once.
    is_marked = getattr(getattr(kind, operation), "is_slow_work", False)
    assert is_marked or (kind, operation) == (LocalStorage, "link")


def slow_modules() -> list[str]:
    found = []
    for path in APP.rglob("*.py"):
        name = ".".join(path.relative_to(APP.parent).with_suffix("").parts)
        if "node_modules" in path.parts or name.startswith("app.commands."):
            continue
        nodes = list(ast.walk(ast.parse(path.read_text())))
        brought = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
        brought |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        if {one.split(".")[0] for one in brought} & SLOW_LIBRARIES:
            found.append(name)
    return sorted(found)


def _functions(module: object) -> list[object]:
    owners = [module, *(one for one in vars(module).values() if isinstance(one, type))]
    return [one for owner in owners for one in vars(owner).values() if isfunction(one)]


@pytest.mark.parametrize("name", slow_modules())
def test_what_is_slow_by_its_library_is_marked(name):
    module = importlib.import_module(name)
    marked = [
        one for one in _functions(module)
        if getattr(one, "is_slow_work", False) and one.__module__ == name
    ]  # fmt: skip
    assert bool(marked) != (name in NOT_MARKED)


def test_the_exceptions_are_needed():
    assert set(slow_modules()) >= NOT_MARKED


@pytest.mark.parametrize(
    "change",
    [
        lambda ana: db.session.add(Project(name="New")),
        lambda ana: db.session.execute(text("select 1")) and _flushed(Project(name="New")),
        lambda ana: record(action="test.done", actor=ana, object_type="test", object_id=None),
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

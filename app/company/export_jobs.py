"""Registers the making of exports; the work itself is imported when it runs."""

from __future__ import annotations

from flask import Flask

from app.company.exporting import KIND, QUEUE
from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.models import Export


def register(app: Flask) -> None:
    register_kind(app, Kind(KIND, Export, _perform, QUEUE, "app.company.archive"))


def _perform(claim: Claim) -> None:
    from app.company.archive import make_export

    make_export(claim)

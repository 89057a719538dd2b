"""Registers the job that makes the export of a whole company."""

from __future__ import annotations

from flask import Flask

from app.exports.company.making import make_export
from app.jobs.registry import LONG_SECONDS, Kind, Retention
from app.jobs.registry import register as register_kind
from app.models import Export

ARCHIVING = Kind(
    "export",
    Export,
    make_export,
    queue="exports",
    noun="export",
    retention=Retention.NEWEST_FILE,
    time_limit=LONG_SECONDS,
)


def register(app: Flask) -> None:
    register_kind(app, ARCHIVING)

"""Registers the job that makes evidence bundles."""

from __future__ import annotations

from flask import Flask

from app.exports.bundle.making import make_bundle
from app.jobs.registry import LONG_SECONDS, Kind, Retention
from app.jobs.registry import register as register_kind
from app.models import Bundle

BUNDLING = Kind(
    "bundle",
    Bundle,
    make_bundle,
    queue="exports",
    noun="evidence bundle",
    retention=Retention.NEWEST_FILE,
    time_limit=LONG_SECONDS,
)


def register(app: Flask) -> None:
    register_kind(app, BUNDLING)

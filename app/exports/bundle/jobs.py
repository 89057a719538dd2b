"""Registers the job that makes evidence bundles."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import LONG_SECONDS, Kind, Late, Perform, Retention
from app.jobs.registry import register as register_kind
from app.models import Bundle


def _load_making() -> Perform:
    # Only workers import it, because of what seals.
    from app.exports.bundle.making import make_bundle

    return make_bundle


BUNDLING = Kind(
    "bundle",
    Bundle,
    Late(_load_making),
    queue="exports",
    noun="evidence bundle",
    retention=Retention.NEWEST_FILE,
    time_limit=LONG_SECONDS,
)


def register(app: Flask) -> None:
    register_kind(app, BUNDLING)

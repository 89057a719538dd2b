"""Registers the making of exports of answers; the work itself is imported when it runs."""

from __future__ import annotations

from flask import Flask

from app.exports.service import KIND, QUEUE
from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.models import AnswerExport


def register(app: Flask) -> None:
    register_kind(app, Kind(KIND, AnswerExport, _perform, QUEUE, "app.exports.making"))


def _perform(claim: Claim) -> None:
    from app.exports.making import make_export

    make_export(claim)

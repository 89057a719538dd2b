"""Registers the job that makes answer exports."""

from __future__ import annotations

from flask import Flask

from app.exports.answers.making import make_export
from app.jobs.registry import LONG_SECONDS, Kind, Retention
from app.jobs.registry import register as register_kind
from app.models import AnswerExport

MAKING = Kind(
    "answer_export",
    AnswerExport,
    make_export,
    queue="exports",
    noun="export of answers",
    retention=Retention.NEWEST_FILE,
    time_limit=LONG_SECONDS,
)


def register(app: Flask) -> None:
    register_kind(app, MAKING)

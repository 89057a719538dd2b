"""The public address of a report, always under BASE_URL and never under the host of a request."""

from __future__ import annotations

from flask import current_app

from app.models import Report


def check_url(report: Report) -> str:
    """The page on which anyone can check the report (app/checking)."""
    base: str = current_app.config["BASE_URL"]
    return f"{base}/v/{report.check_token}"

"""Subscribes mails to the lifecycle events of reports."""

from __future__ import annotations

from flask import Flask

from app.mail.service import mail_assigned, mail_returned, mail_reviewers, mail_submitted
from app.reports.lifecycle import ReportEvent, subscribe


def register(app: Flask) -> None:
    subscribe(app, ReportEvent.ASSIGNED, mail_assigned)
    subscribe(app, ReportEvent.SUBMITTED, mail_submitted)
    subscribe(app, ReportEvent.PASSED_ON, mail_reviewers)
    subscribe(app, ReportEvent.RETURNED, mail_returned)

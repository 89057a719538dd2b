"""Registers the job that sends mails, and the audit listener that notifies admins."""

from __future__ import annotations

from flask import Flask

from app.evidence.service import listen
from app.jobs.registry import Kind
from app.jobs.registry import register as register_kind
from app.mail.sending import send_mail
from app.mail.service import mail_platform_access
from app.models import Mail

SENDING = Kind(
    "mail",
    Mail,
    send_mail,
    queue="mails",
    noun="mail",
    when_late="look at `mail` below, and at the workers' log",
)


def register(app: Flask) -> None:
    listen(mail_platform_access)
    register_kind(app, SENDING)

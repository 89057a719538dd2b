"""Registers the background work of mails, imported when it runs."""

from __future__ import annotations

from flask import Flask

from app.evidence.service import listen
from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.mail.service import KIND, QUEUE, mail_way_in
from app.models import Mail


def register(app: Flask) -> None:
    listen(mail_way_in)
    register_kind(app, Kind(KIND, Mail, _perform, QUEUE, "app.mail.sending"))


def _perform(claim: Claim) -> None:
    from app.mail.sending import send_mail

    send_mail(claim)

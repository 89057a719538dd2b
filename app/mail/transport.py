"""Handing a finished message over: to the SMTP server, or into a folder where there is none.

smtplib by itself, because Flask-Mailman's back end takes any certificate after STARTTLS, and counts
a mail as lost whose server breaks off after it took it, so that it would go out twice.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

from flask import current_app
from redis.exceptions import RedisError

from app.jobs.queue import redis_client
from app.mail.letter import Envelope
from app.slow_work import slow_work

log = logging.getLogger(__name__)

# For each step of the talk; the whole of it stays far below a lease.
TIMEOUT_SECONDS = 8.0
# A server that could not be reached is left alone for so long, or its waiting mails would keep
# the workers from photos and PDFs.
LEAVE_ALONE_SECONDS = 45
AWAY_KEY = "laudo:mail-server-away"
PORTS = {"none": 25, "starttls": 587, "tls": 465}
UNSAFE = re.compile(r"[^a-z0-9@._+-]+")


class Away(RuntimeError):
    """The server cannot be reached or asks to come back later."""


class Refused(RuntimeError):
    """The server will not take this mail however often it is tried."""


@slow_work
def post(message: EmailMessage, envelope: Envelope) -> str:
    """Hand the message over; returns where it went, for the log. Raises Away, Refused."""
    if not current_app.config["SMTP_HOST"]:
        return _keep(message, envelope)
    if _is_left_alone():
        raise Away("it could not be reached a moment ago")
    with connected() as server:
        _send(server, message)
    return "taken by the mail server"


def where_mails_go() -> str:
    """For people at a console."""
    if host := current_app.config["SMTP_HOST"]:
        return f"to the mail server {host}"
    return f"into files under {current_app.config['MAIL_DIR']} (SMTP_HOST is unset)"


# --- a server ------------------------------------------------------------------------------------


@slow_work
@contextmanager
def connected() -> Iterator[smtplib.SMTP]:
    """A connection that is logged in as the settings say. Raises Away."""
    try:
        server = _connect()
    except (OSError, ValueError) as error:
        _leave_alone()
        raise Away(_told(error)) from error
    try:
        yield server
    finally:
        # What was taken is taken: a server that says no goodbye has it all the same.
        with suppress(OSError):
            server.quit()
        server.close()


def _connect() -> smtplib.SMTP:
    """smtplib's own errors are OSErrors too."""
    config = current_app.config
    security, host = config["SMTP_SECURITY"], config["SMTP_HOST"]
    port = config["SMTP_PORT"] or PORTS[security]
    context = ssl.create_default_context()
    if security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        if security == "starttls":
            server.starttls(context=context)
        if config["SMTP_USER"]:
            server.login(config["SMTP_USER"], config["SMTP_PASSWORD"])
    except BaseException:
        server.close()
        raise
    return server


def _send(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, _words = next(iter(error.recipients.values()))
        raise _judged(code) from error
    except smtplib.SMTPSenderRefused as error:
        # Our own address is wrong: the operator mends it, and the mail can wait for that.
        raise Away(f"it refuses MAIL_FROM ({error.smtp_code})") from error
    except smtplib.SMTPResponseException as error:
        raise _judged(error.smtp_code) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
        raise Refused("it cannot take this address") from error
    except OSError as error:
        raise Away(_told(error)) from error


def _judged(code: int) -> Away | Refused:
    """By the code alone: what servers say repeats addresses."""
    return Refused(f"code {code}") if code >= 500 else Away(f"code {code}")


def _told(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _is_left_alone() -> bool:
    with suppress(RedisError):
        return bool(redis_client().exists(AWAY_KEY))
    return False


def _leave_alone() -> None:
    with suppress(RedisError):
        redis_client().set(AWAY_KEY, "1", ex=LEAVE_ALONE_SECONDS)


# --- a folder ------------------------------------------------------------------------------------


def _keep(message: EmailMessage, envelope: Envelope) -> str:
    """Written beside and renamed, for its owner's eyes: the links in it open accounts.

    The same mail has the same name, so that one sent twice is there once.
    """
    folder = Path(current_app.config["MAIL_DIR"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".part-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(folder / file_name(envelope))
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    # No log line holds an address, so the shell finds the rest of the name.
    return f"there is no SMTP_HOST, so it is the file {folder}/*-{envelope.mail_id.hex[:8]}.eml"


def file_name(envelope: Envelope) -> str:
    """`20261124-061500-invitation-ana@acme.test-1a2b3c4d.eml`; the time is UTC."""
    recipient = UNSAFE.sub("_", envelope.recipient.lower())[:80]
    return (
        f"{envelope.asked_at:%Y%m%d-%H%M%S}-{envelope.kind.value}-{recipient}"
        f"-{envelope.mail_id.hex[:8]}.eml"
    )

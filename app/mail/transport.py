"""Delivers a finished message to the SMTP server, or writes it to a folder if there is no server.

It uses smtplib directly. Flask-Mailman's back end does not verify certificates after STARTTLS. It
also treats a mail as failed if the server disconnects after accepting it, which would send it
twice.
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

# Per step of the SMTP dialogue; the total stays far below the lease of a job.
TIMEOUT_SECONDS = 8.0
# Pause after a failed connection. Otherwise the queued mails would keep the workers from photos
# and PDFs.
PAUSE_SECONDS = 45
AWAY_KEY = "laudo:mail-server-away"
PORTS = {"none": 25, "starttls": 587, "tls": 465}
UNSAFE = re.compile(r"[^a-z0-9@._+-]+")


class ServerUnavailable(RuntimeError):
    """The server cannot be reached or asks to retry later."""


class MailRefused(RuntimeError):
    """The server rejects this mail permanently."""


@slow_work
def post(message: EmailMessage, envelope: Envelope) -> str:
    """Deliver the message. Returns the destination for the log.

    Raises ServerUnavailable, MailRefused.
    """
    if not current_app.config["SMTP_HOST"]:
        return _write_file(message, envelope)
    if _is_paused():
        raise ServerUnavailable("it could not be reached a moment ago")
    with connected() as server:
        _send(server, message)
    return "accepted by the mail server"


def describe_destination() -> str:
    """Describe the destination of mails, for output on a console."""
    if host := current_app.config["SMTP_HOST"]:
        return f"to the mail server {host}"
    return f"into files under {current_app.config['MAIL_DIR']} (SMTP_HOST is unset)"


# --- a server ------------------------------------------------------------------------------------


@slow_work
@contextmanager
def connected() -> Iterator[smtplib.SMTP]:
    """Connect and log in according to the settings. Raises ServerUnavailable."""
    try:
        server = _connect()
    except (OSError, ValueError) as error:
        _pause()
        raise ServerUnavailable(_describe_error(error)) from error
    try:
        yield server
    finally:
        # An accepted mail stays accepted, even if QUIT fails.
        with suppress(OSError):
            server.quit()
        server.close()


def _connect() -> smtplib.SMTP:
    """Raises OSError, which includes smtplib's own errors, or ValueError."""
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
        raise _error_for_code(code) from error
    except smtplib.SMTPSenderRefused as error:
        # MAIL_FROM is wrong: the mail waits until the operator fixes the setting.
        raise ServerUnavailable(f"it refuses MAIL_FROM ({error.smtp_code})") from error
    except smtplib.SMTPResponseException as error:
        raise _error_for_code(error.smtp_code) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
        raise MailRefused("it cannot take this address") from error
    except OSError as error:
        raise ServerUnavailable(_describe_error(error)) from error


def _error_for_code(code: int) -> ServerUnavailable | MailRefused:
    """Use only the code: the server's text can contain addresses, which must not be logged."""
    return MailRefused(f"code {code}") if code >= 500 else ServerUnavailable(f"code {code}")


def _describe_error(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _is_paused() -> bool:
    with suppress(RedisError):
        return bool(redis_client().exists(AWAY_KEY))
    return False


def _pause() -> None:
    with suppress(RedisError):
        redis_client().set(AWAY_KEY, "1", ex=PAUSE_SECONDS)


# --- a folder ------------------------------------------------------------------------------------


def _write_file(message: EmailMessage, envelope: Envelope) -> str:
    """Write the mail to a temporary file and rename it. Returns the location for the log.

    Only the owner can read the files, because their links give access to accounts. A mail that is
    sent twice gets the same name, so there is only one file.
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
    # Addresses must not be logged, so the name is given as a shell pattern.
    return f"there is no SMTP_HOST, so it is the file {folder}/*-{envelope.mail_id.hex[:8]}.eml"


def file_name(envelope: Envelope) -> str:
    """`20261124-061500-invitation-ana@acme.test-1a2b3c4d.eml`; the time is UTC."""
    recipient = UNSAFE.sub("_", envelope.recipient.lower())[:80]
    return (
        f"{envelope.asked_at:%Y%m%d-%H%M%S}-{envelope.kind.value}-{recipient}"
        f"-{envelope.mail_id.hex[:8]}.eml"
    )

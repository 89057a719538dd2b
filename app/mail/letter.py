"""The content of one mail as plain data, and its rendering as a message with text and HTML.

Text that people entered appears in no header except the subject, which is reduced to one line, and
the validated recipient.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app, render_template

from app.email_address import ascii_domain
from app.models import MailKind

SUBJECT_LENGTH = 180
# Characters that need quoting, or that could turn one address into two.
NOT_IN_ADDRESSES = frozenset(' ,;:<>()[]"\\@\t\r\n\0')


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of a mail. `lines` come before the link, `notes` after it.

    `facts` are pairs of label and value. `reason` says why the person gets the mail. `choices` is
    the URL of the page to turn it off, None if that is not possible.
    """

    subject: str
    heading: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    link_words: str
    link: str
    notes: tuple[str, ...] = ()
    reason: str
    choices: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Recipient, row and company of a mail. `accent` and `accent_text` are '#rrggbb'."""

    mail_id: UUID
    kind: MailKind
    recipient: str
    asked_at: datetime
    locale: str
    company: str
    accent: str
    accent_text: str


def write_message(letter: Letter, envelope: Envelope) -> EmailMessage:
    """Render the message; the same row always gives the same headers and text.

    Raises ValueError for an invalid address. Call it inside `force_locale`, because the templates
    contain translated text.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(letter.subject)[:SUBJECT_LENGTH]
    message["From"] = _sender()
    message["To"] = _address(envelope.recipient)
    message["Date"] = format_datetime(envelope.asked_at)
    # The ID is stable across retries, so that mail clients can detect a duplicate.
    message["Message-ID"] = f"<mail.{envelope.mail_id}@{_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.choices:
        message["List-Unsubscribe"] = f"<{letter.choices}>"
    words = {"letter": letter, "envelope": envelope}
    message.set_content(render_template("email/letter.txt", **words))
    message.add_alternative(render_template("email/letter.html", **words), subtype="html")
    message["Content-Language"] = envelope.locale.replace("_", "-")
    return message


def one_line(words: str) -> str:
    """Remove line breaks, control characters and bidirectional marks."""
    kept = (" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in words)
    return " ".join("".join(_without_format_marks(kept)).split())


def _without_format_marks(letters: Iterable[str]) -> Iterable[str]:
    return (one for one in letters if unicodedata.category(one) not in ("Cf", "Cs"))


def _sender() -> Address:
    """MAIL_FROM, or `laudo@` with the host of BASE_URL."""
    name, address = parseaddr(current_app.config["MAIL_FROM"])
    return _address(address or f"laudo@{_host()}", name or "Laudo")


def _address(address: str, name: str = "") -> Address:
    """Raises ValueError for an invalid address."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or NOT_IN_ADDRESSES & set(address.replace("@", "", 1)):
        raise ValueError("not an e-mail address")
    return Address(name, local, ascii_domain(domain))


def _host() -> str:
    return urlsplit(current_app.config["BASE_URL"]).hostname or "localhost"

"""What one mail says, as plain data, and the message that it becomes: text and HTML of one source.

Nothing that people wrote stands in a header but the subject, which is one clean line.
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

from app.mailbox import ascii_domain
from app.models import MailKind

SUBJECT_LENGTH = 180
# What only a quoted address could have, and what could make two of one.
NOT_IN_ADDRESSES = frozenset(' ,;:<>()[]"\\@\t\r\n\0')


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`lines` come before the link, `notes` after it; `facts` are pairs of label and value.

    `reason` says why the mail came; `choices` is where to choose, None where there is no choice.
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
    """To whom, of which row, on whose paper. `accent` and `accent_text` are '#rrggbb'."""

    mail_id: UUID
    kind: MailKind
    recipient: str
    asked_at: datetime
    locale: str
    company: str
    accent: str
    accent_text: str


def write_message(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The mail of this row, the same each time. Raises ValueError for what is no address.

    Called inside `force_locale`, for the words of the layout.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(letter.subject)[:SUBJECT_LENGTH]
    message["From"] = _sender()
    message["To"] = _address(envelope.recipient)
    message["Date"] = format_datetime(envelope.asked_at)
    # The same after a crash: whoever gets a mail twice can tell that it is one.
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
    """Without line ends, control characters and marks that turn the direction of writing."""
    kept = (" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in words)
    return " ".join("".join(_without_format_marks(kept)).split())


def _without_format_marks(letters: Iterable[str]) -> Iterable[str]:
    return (one for one in letters if unicodedata.category(one) not in ("Cf", "Cs"))


def _sender() -> Address:
    """MAIL_FROM, else `laudo@` the host of BASE_URL."""
    name, address = parseaddr(current_app.config["MAIL_FROM"])
    return _address(address or f"laudo@{_host()}", name or "Laudo")


def _address(address: str, name: str = "") -> Address:
    """Raises ValueError for what is no address."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or NOT_IN_ADDRESSES & set(address.replace("@", "", 1)):
        raise ValueError("not an e-mail address")
    return Address(name, local, ascii_domain(domain))


def _host() -> str:
    return urlsplit(current_app.config["BASE_URL"]).hostname or "localhost"

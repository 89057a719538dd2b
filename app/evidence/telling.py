"""How an audit entry becomes a sentence: the parts. Which action says what is in sentences.py."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.definition.prefills import SOURCES
from app.definition.schema import Prefill
from app.definition.sentences import N_, Sentence, say
from app.models import Role
from app.web.filters import calendar_day
from app.web.locale import LOCALES

MOST = 200
NOTHING = "–"
_DAY = re.compile(r"[12]\d{3}-(0\d|1[0-2])-[0-3]\d")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Act:
    """What an entry says, with the words of the ids in it.

    `name` is who acted, `subject` what the object is called, `question` the label of its field or
    signature role, `old` and `new` are answers in words, empty where there is none.
    """

    action: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    question: str = ""
    old: str = ""
    new: str = ""


Telling = Callable[[Act], Sentence]


def plain(msgid: str) -> Telling:
    """One sentence for all entries of an action.

    Its placeholders are the parts of `Act`, `changes` for what an edit changed, `what` for the
    name in the facts, and every fact by its own name; what an old entry lacks is a dash.
    """

    def tell(act: Act) -> Sentence:
        return filled(msgid, act)

    return tell


def filled(msgid: str, act: Act) -> Sentence:
    wanted = _PLACEHOLDER.findall(msgid)
    return say(msgid, **{name: _part(act, name) or NOTHING for name in wanted})


def _part(act: Act, name: str) -> str:
    if name in ("name", "action", "subject", "question"):
        return str(getattr(act, name))
    if name in ("old", "new"):
        said = act.facts.get(name)
        return getattr(act, name) or (value_words(name, said) if isinstance(said, str) else "")
    if name == "changes":
        return changes_words(act.facts.get("changes"))
    if name == "what":
        values = act.facts.get("values")
        inner = values.get("name") if isinstance(values, Mapping) else None
        return value_words("name", inner or act.facts.get("name")) or act.subject
    return value_words(name, act.facts.get(name))


def changes_words(changes: object) -> str:
    """What an edit changed, each part with old and new: 'Client: "A" → "B"; Address: – → "C"'."""
    if not isinstance(changes, Mapping):
        return ""
    labels = column_words()
    return "; ".join(
        f"{labels.get(name, name)}: {_quoted(name, change.get('old'))}"
        f" → {_quoted(name, change.get('new'))}"
        for name, change in changes.items()
        if isinstance(change, Mapping)
    )


def _quoted(name: str, value: object) -> str:
    words = value_words(name, value)
    return f'"{words}"' if words else NOTHING


def value_words(name: str, value: object) -> str:
    """One fact in words, cut where it would fill the page; empty where there is nothing."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name == "role":
        return role_words(str(value))
    if name == "source":
        return source_words(str(value))
    if name == "locale":
        return LOCALES.get(str(value), str(value))
    if name.endswith("sha256"):
        return str(value)[:12]
    if name.endswith("_key"):
        return str(_("picture %(name)s", name=str(value).rsplit("/", 1)[-1][:12]))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    elif isinstance(value, (Mapping, list)):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return calendar_day(text) if _DAY.fullmatch(text) else shortened(text)


def source_words(source: str) -> str:
    """What of a report filled an answer in; an unknown name as it stands."""
    return str(_(SOURCES[Prefill(source)])) if source in set(Prefill) else source


def shortened(text: str) -> str:
    """One line, cut where it would fill the page; the entry's own page has all of it."""
    text = " ".join(text.split())
    return text if len(text) <= MOST else text[:MOST] + "…"


_ROLES = {
    Role.SUPERADMIN.value: N_("Laudo support"),
    Role.ADMIN.value: N_("Admin"),
    Role.MANAGER.value: N_("Manager"),
    Role.TECHNICIAN.value: N_("Technician"),
    Role.VIEWER.value: N_("Viewer"),
}


def role_words(role: str) -> str:
    known = _ROLES.get(role)
    return str(_(known)) if known else role


def column_words() -> dict[str, str]:
    """What the columns that edits change are called; others go by their own name."""
    return {
        "name": _("Name"),
        "client": _("Client"),
        "address": _("Address"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "logo_key": _("Logo"),
        "second_logo_key": _("Second logo"),
        "colour_accent": _("Accent colour"),
        "colour_second": _("Second colour"),
        "colour_third": _("Third colour"),
        "contact": _("Contact"),
        "contact_address": _("Address"),
        "contact_phone": _("Telephone"),
        "contact_email": _("E-mail"),
        "contact_website": _("Website"),
        "contact_tax_number": _("Tax number"),
        "client_address": _("Address of the client"),
        "client_phone": _("Telephone of the client"),
        "client_email": _("E-mail of the client"),
        "client_website": _("Website of the client"),
        "client_tax_number": _("Tax number of the client"),
        "locale": _("Language"),
        "time_zone": _("Time zone"),
        "role": _("Role"),
        "title": _("Title"),
        "due_on": _("Due"),
        "assignee": _("Assignee"),
        "status": _("Status"),
        "plan": _("Plan"),
        "limits": _("Limits"),
        "watermark": _("Watermark"),
        "pdf": _("PDF"),
    }

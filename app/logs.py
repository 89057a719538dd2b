"""What a log line is, for every process: its keys, its two forms, and what it never says.

Nothing of the app is imported here: gunicorn's master reads this file by its path, because what
a master imports its workers inherit, and a reload would then go on with the old code.
Who logs what stands elsewhere; the line of each request in app/web/access.py.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

REMOVED = "[removed]"
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# On every line of the machines' form, null where there is none.
ALWAYS = ("request_id", "tenant_id", "account_id")
# Names and numbers that are ours; nobody else's words can stand under these keys.
OURS = frozenset({*ALWAYS, "endpoint", "method", "job_kind", "job_id"})
# A secret shorter than this could not be taken out without tearing words apart.
LEAST_SECRET = 6

_facts: ContextVar[dict[str, object]] = ContextVar("laudo_log_facts", default={})  # noqa: B039 - never changed in place
_sources: dict[str, Callable[[], object]] = {}
_secrets: list[Callable[[], Iterable[str]]] = []


# --- what a line knows of the work that it comes from ------------------------------------------


def begin(**facts: object) -> None:
    """Forget the work that this thread did before; what follows belongs to `facts`."""
    _facts.set(facts)


def add(**facts: object) -> None:
    """Say so on every further line of this work."""
    _facts.set({**_facts.get(), **facts})


@contextmanager
def telling(**facts: object) -> Iterator[None]:
    """Say so on every line of the block."""
    token = _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def known(name: str) -> object | None:
    """What the lines of this work say under that name."""
    return _facts.get().get(name)


def ask_for(name: str, source: Callable[[], object]) -> None:
    """Have every line ask `source` for this key; None leaves it out."""
    _sources[name] = source


def never_say(secrets: Callable[[], Iterable[str]]) -> None:
    """Have every line of an exception ask which values must not stand in it."""
    if secrets not in _secrets:
        _secrets.append(secrets)


# --- what no line says -------------------------------------------------------------------------

_NAMES = (
    r"pass(?:word|wd|phrase)?|secret(?:_key)?|(?:csrf|access|session|reset|invite)?_?token"
    r"|authorization|(?:set-)?cookie|x-csrf-?token|__host-session|session|signature|api_?key"
)
# Each with the small words of which one stands in every match: most lines have none of them, and
# looking for a word costs a hundredth of looking for a pattern.
_PATTERNS = tuple(
    (words.split(), re.compile(pattern), instead)
    for words, pattern, instead in (
        # PostgreSQL repeats the values of the row that it refused.
        ("detail: context: line", r"(?m)^(DETAIL|CONTEXT|LINE \d+):.*$", r"\1: " + REMOVED),
        ("invalid", r"(invalid input (?:syntax|value) for [\w ]+: ).*", r"\1" + REMOVED),
        ("[parameters:", r"(?s)\[parameters: .*?\]$", f"[parameters: {REMOVED}]"),
        ("bearer basic digest", r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}", r"\1 " + REMOVED),
        # What follows a cookie's or a header's name goes to the end of its line.
        (
            "cookie authorization",
            r"(?i)\b((?:set-)?cookie|authorization)(['\"]?\s*[:=]\s*).+",
            r"\1\2" + REMOVED,
        ),
        (
            "pass secret token authorization cookie session signature key",
            rf"(?i)\b((?:{_NAMES})['\"]?\s*[:=]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}}\]]+)",
            r"\1" + REMOVED,
        ),
        ("://", r"://[^\s/@:]*:[^\s/@]+@", f"://{REMOVED}@"),
        ("?", r"(?<=[\w/])\?[^\s'\"<>]*=[^\s'\"<>]*", f"?{REMOVED}"),
        ("$argon2", r"\$argon2\w*\$[^\s'\"]+", REMOVED),
        (".", r"[\w-]{16,}\.[\w-]{4,}\.[\w-]{16,}", REMOVED),  # signed by itsdangerous
        ("@", r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
    )
)
_LONG_WORD = re.compile(r"[\w-]{32,}")


def _unless_token(found: re.Match[str]) -> str:
    """Capitals, small letters and digits in one long word: ids and hashes have no capitals."""
    word = found[0]
    kinds = (str.isupper, str.islower, str.isdigit)
    return REMOVED if all(any(map(kind, word)) for kind in kinds) else word


def redacted(words: str) -> str:
    """The words without passwords, cookies, tokens, query values and e-mail addresses."""
    small = words.lower()
    for triggers, pattern, instead in _PATTERNS:
        if any(trigger in small for trigger in triggers):
            words = pattern.sub(instead, words)
    return _LONG_WORD.sub(_unless_token, words)


def _without(words: str, secrets: Iterable[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= LEAST_SECRET:
            words = words.replace(secret, REMOVED)
    return words


def _current_secrets() -> set[str]:
    return {one for source in _secrets for one in source()}


# --- the line itself ---------------------------------------------------------------------------


class Line(JsonFormatter):
    """One JSON object a line: time, level, logger, message, process, what is known, exception."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return log_data  # asked for by the parent; `facts` below has made the line already

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """The line's keys and values in their order, with nothing secret in them."""
        known = dict(_facts.get())
        for name, source in _sources.items():
            known.setdefault(name, source())
        said: dict[str, Any] = record.__dict__.get("facts") or {}
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
            "process": record.process,
            **dict.fromkeys(ALWAYS),
            **{name: _told(name, value) for name, value in known.items() if value is not None},
            **{name: _told(name, value) for name, value in said.items()},
        }
        if record.exc_info:
            line["exception"] = redacted(str(self.formatException(record.exc_info)))
        if record.exc_info or record.levelno >= logging.ERROR:
            secrets = _current_secrets()
            for name in ("message", "exception"):
                if name in line:
                    line[name] = _without(line[name], secrets)
        return line

    def format(self, record: logging.LogRecord) -> str:
        return self.serialize_log_record(self.facts(record))


class Words(Line):
    """The same for people at a console: one line, and the traceback under it, set in."""

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        exception = facts.pop("exception", None)
        head = [facts.pop(name) for name in ("time", "level", "logger", "message")]
        facts.pop("process")
        rest = [f"{name}={value}" for name, value in facts.items() if value is not None]
        line = _on_one_line(" ".join((*head, *rest)))
        # An exception's own words may hold line ends: set in, none looks like a line of the log.
        under = (f"  {_on_one_line(one)}" for one in (exception or "").splitlines())
        return "\n".join((line, *under))


def _on_one_line(words: str) -> str:
    """Foreign words can neither begin a line of their own nor colour the console."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in words
    )


def _told(name: str, value: object) -> object:
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return str(value) if name in OURS else redacted(str(value))


# --- setting up a process ----------------------------------------------------------------------


def logging_config(form: str, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, and for gunicorn's setting of that name.

    `form` is "json" or "text". Libraries speak from WARNING on, whatever `level` says.
    """
    ours = {"level": level.upper(), "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line if form == "json" else Words}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["console"]},
        "loggers": dict.fromkeys(("app", "laudo", "gunicorn.error", "gunicorn.access"), ours),
    }


def configure(form: str, level: str) -> None:
    """Make every line of this process one of ours: warnings and what nobody caught, too."""
    logging.config.dictConfig(logging_config(form, level))
    logging.captureWarnings(True)
    say_uncaught()


def say_uncaught() -> None:
    """Have what nobody caught end in a line like every other."""
    sys.excepthook = _say_uncaught
    threading.excepthook = lambda arguments: _say_uncaught(
        arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback
    )


def _say_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("laudo").critical("ended by an exception", exc_info=(kind, error, traceback))

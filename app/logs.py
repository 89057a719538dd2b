"""The log format of all processes: keys, JSON and text form, and redaction of secrets.

This module imports nothing of the app: gunicorn's master loads it by path, because workers inherit
the master's imports and would still run the old code after a reload. The line of each request is
in app/web/access.py.
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
# Keys on every JSON line; null if unknown.
ALWAYS = ("request_id", "tenant_id", "account_id")
# Keys whose values come from our own code, never from user input; they are not redacted.
TRUSTED_KEYS = frozenset({*ALWAYS, "endpoint", "method", "job_kind", "job_id"})
# Removing a shorter secret would damage ordinary words.
MIN_SECRET_LENGTH = 6

_facts: ContextVar[dict[str, object]] = ContextVar("laudo_log_facts", default={})  # noqa: B039 - never changed in place
_sources: dict[str, Callable[[], object]] = {}
_secrets: list[Callable[[], Iterable[str]]] = []


# --- facts about the current work ---------------------------------------------------------------


def begin(**facts: object) -> None:
    """Replace the facts of this thread's previous work with `facts`."""
    _facts.set(facts)


def add(**facts: object) -> None:
    """Add facts to all further lines of this work."""
    _facts.set({**_facts.get(), **facts})


@contextmanager
def context(**facts: object) -> Iterator[None]:
    """Add facts to all lines of the block."""
    token = _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def known(name: str) -> object | None:
    """The value of a fact of the current work."""
    return _facts.get().get(name)


def add_source(name: str, source: Callable[[], object]) -> None:
    """Call `source` for this key on every line; None leaves the key out."""
    _sources[name] = source


def redact_values(secrets: Callable[[], Iterable[str]]) -> None:
    """Register a source of secret values, which are removed from lines with an exception."""
    if secrets not in _secrets:
        _secrets.append(secrets)


# --- redaction ----------------------------------------------------------------------------------

_NAMES = (
    r"pass(?:word|wd|phrase)?|secret(?:_key)?|(?:csrf|access|session|reset|invite)?_?token"
    r"|authorization|(?:set-)?cookie|x-csrf-?token|__host-session|session|signature|api_?key"
)
# Each pattern has lower-case trigger words, one of which occurs in every match. Most lines contain
# none, and a word search costs a hundredth of a pattern search.
_PATTERNS = tuple(
    (words.split(), re.compile(pattern), instead)
    for words, pattern, instead in (
        # PostgreSQL quotes the values of a refused row.
        ("detail: context: line", r"(?m)^(DETAIL|CONTEXT|LINE \d+):.*$", r"\1: " + REMOVED),
        ("invalid", r"(invalid input (?:syntax|value) for [\w ]+: ).*", r"\1" + REMOVED),
        ("[parameters:", r"(?s)\[parameters: .*?\]$", f"[parameters: {REMOVED}]"),
        ("bearer basic digest", r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}", r"\1 " + REMOVED),
        # The value of a cookie or header extends to the end of the line.
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
    """Remove long words that mix upper case, lower case and digits: ids and hashes have no upper
    case."""
    word = found[0]
    kinds = (str.isupper, str.islower, str.isdigit)
    return REMOVED if all(any(map(kind, word)) for kind in kinds) else word


def redacted(words: str) -> str:
    """The text without passwords, cookies, tokens, query values and e-mail addresses."""
    small = words.lower()
    for triggers, pattern, instead in _PATTERNS:
        if any(trigger in small for trigger in triggers):
            words = pattern.sub(instead, words)
    return _LONG_WORD.sub(_unless_token, words)


def _without(words: str, secrets: Iterable[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET_LENGTH:
            words = words.replace(secret, REMOVED)
    return words


def _current_secrets() -> set[str]:
    return {one for source in _secrets for one in source()}


# --- formatters ---------------------------------------------------------------------------------


class JsonLine(JsonFormatter):
    """One JSON object per line: time, level, logger, message, process, facts, exception."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return log_data  # required by the parent; `facts` below has already built the line

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """The line's keys and values in order, without secrets."""
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
            **{name: _loggable(name, value) for name, value in known.items() if value is not None},
            **{name: _loggable(name, value) for name, value in said.items()},
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


class TextLine(JsonLine):
    """The same for a console: one line of text, followed by the indented traceback."""

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        exception = facts.pop("exception", None)
        head = [facts.pop(name) for name in ("time", "level", "logger", "message")]
        facts.pop("process")
        rest = [f"{name}={value}" for name, value in facts.items() if value is not None]
        line = _on_one_line(" ".join((*head, *rest)))
        # An exception's text may contain line ends; indented, it cannot imitate a log line.
        under = (f"  {_on_one_line(one)}" for one in (exception or "").splitlines())
        return "\n".join((line, *under))


def _on_one_line(words: str) -> str:
    """Escape control characters, so that logged text cannot start a line or colour the console."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in words
    )


def _loggable(name: str, value: object) -> object:
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return str(value) if name in TRUSTED_KEYS else redacted(str(value))


# --- configuration ------------------------------------------------------------------------------


def logging_config(form: str, level: str) -> dict[str, Any]:
    """The value for `logging.config.dictConfig` and for gunicorn's setting of that name.

    `form` is "json" or "text". Libraries log from WARNING up, regardless of `level`.
    """
    ours = {"level": level.upper(), "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLine if form == "json" else TextLine}},
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
    """Use this format for all output of the process, including warnings and uncaught exceptions."""
    logging.config.dictConfig(logging_config(form, level))
    logging.captureWarnings(True)
    log_uncaught()


def log_uncaught() -> None:
    """Log uncaught exceptions of all threads in this format."""
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda arguments: _log_uncaught(
        arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback
    )


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("laudo").critical("ended by an exception", exc_info=(kind, error, traceback))

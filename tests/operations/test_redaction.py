"""What a log line never contains, tested with real messages of libraries and databases."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from app import logs

SECRETS = (
    ("login failed for password=hunter2hunter", "hunter2hunter"),
    ("{'password': 'two words here', 'name': 'x'}", "two words here"),
    ('{"csrf_token": "ImQ2", "a": 1}', "ImQ2"),
    ("Authorization: Bearer abcdef.ghi", "abcdef.ghi"),
    ("Cookie: session=eyJhbGciOi; other=1", "eyJhbGciOi"),
    ("Set-Cookie: __Host-session=abc; Path=/", "=abc"),
    ("could not connect to postgresql://laudo_app:pa55@db/laudo", "pa55"),
    ("redis://:s3cr3t@redis:6379/0 is away", "s3cr3t"),
    ("GET /reset?token=abc&x=1 HTTP/1.1", "abc"),
    ("http://laudo.test/files/1?sig=Zz9", "Zz9"),
    ("DETAIL:  Key (email)=(ana@acme.test) already exists.", "ana@"),
    ("DETAIL:  Failing row contains (7, Maria, 1981-02-03).", "Maria"),
    ('invalid input syntax for type uuid: "what she typed"', "what she typed"),
    ("[parameters: {'name': 'Maria'}]", "Maria"),
    ("mail to joão.silva+1@sub.example.com.br now", "@sub.example"),
    ("link IjEyMzQ1Njc4OTAxMjM0NTY3ODkwIg.aBcDeF.AbCdEfGhIjKlMnOpQrStUvWxYz0", "AbCdEfGh"),
    ("session 3vJx0aT2Qm9ZyKc8RwLp5sHd7uBf1gEn", "3vJx0aT2"),
    ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "c2FsdA"),
)
HARMLESS = (
    "photo_check 60445bd5-ec0e-4983-984f-d149b3a4d5ba: done",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 stored",
    "GET /reports/60445bd5-ec0e-4983-984f-d149b3a4d5ba/fields/contact_resistance_phase_a 200",
    "the relay waits: ConnectionError",
    'File "/srv/laudo/app/reports/filling/routes.py", line 44, in save_answer',
)


@pytest.mark.parametrize(("words", "secret"), SECRETS)
def test_secrets_and_personal_data_are_removed(words, secret):
    assert secret in words
    assert secret not in logs.redacted(words)


@pytest.mark.parametrize("words", HARMLESS)
def test_useful_facts_stay(words):
    assert logs.redacted(words) == words


def line_of(form: type[logs.JsonLine], error: Exception | None = None, **facts: object) -> str:
    info = None
    if error:
        try:
            raise error
        except Exception:
            info = sys.exc_info()
    record = logging.LogRecord("laudo", logging.ERROR, __file__, 1, "it %s", ("broke",), info)
    record.facts = facts
    return form().format(record)


def test_an_exception_has_its_traceback_and_not_its_values():
    line = json.loads(line_of(logs.JsonLine, ValueError("password=hunter2hunter")))
    assert "Traceback" in line["exception"] and "ValueError" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_the_values_of_the_request_itself_are_taken_out(monkeypatch):
    monkeypatch.setattr(logs, "_secrets", [lambda: ["an ordinary phrase"]])
    line = line_of(logs.JsonLine, KeyError("an ordinary phrase"))
    assert "ordinary" not in line


def test_an_endless_line_of_foreign_words_is_one_line():
    line = line_of(logs.JsonLine, None, path="/a\nb\u2028c")
    assert len(line.splitlines()) == 1 and json.loads(line)["path"] == "/a\nb\u2028c"
    words = line_of(logs.TextLine, None, path="/a\nb")
    assert words.splitlines() == [words]


def test_the_form_for_people_is_one_line_and_then_the_traceback():
    first, second, *_rest = line_of(logs.TextLine, ValueError("x"), status=500).splitlines()
    assert first.endswith("ERROR laudo it broke status=500")
    assert second.startswith("  Traceback")


def test_an_exception_text_cannot_inject_lines_or_colours():
    error = ValueError("x\n2026-01-01 INFO laudo all is well\r\x1b[31mred\u2028more")
    lines = line_of(logs.TextLine, error).splitlines()
    assert [line for line in lines[1:] if not line.startswith("  ")] == []
    assert "  2026-01-01 INFO laudo all is well" in lines
    assert "\x1b" not in "".join(lines)


def test_a_line_tells_the_work_it_comes_from_and_forgets_it():
    with logs.context(job_kind="document"):
        assert json.loads(line_of(logs.JsonLine))["job_kind"] == "document"
    assert "job_kind" not in json.loads(line_of(logs.JsonLine))

"""Names of files in archives, made of what people typed: they unpack everywhere, and stay apart."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from pydantic import ValidationError

from app.documents.attachments import _safe
from app.exports.company.files import full_number, safe_path_part
from tests.support import scenarios

HOSTILE = (
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "a\x00b",
    "line\nend",
    "\u202egpj.exe",
    "\u0645\u0641\u062a\u0627\u062d",
    "x" * 10_000,
    "CON",
    "nul.txt",
    "COM1.A",
    "LPT9",
    "AUX.",
    "a b",
    "a_b",
    "é",
    "e\u0301",
)
GOOD = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,119}")
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_any_text_becomes_a_name_that_unpacks_everywhere(text):
    name = safe_path_part(text)
    assert GOOD.fullmatch(name) and not RESERVED.match(name)


def test_different_texts_have_different_names():
    for one, other in combinations(HOSTILE, 2):
        assert safe_path_part(one).casefold() != safe_path_part(other).casefold(), (one, other)


@pytest.mark.parametrize("code", ["NUL.1", "CON.A", "COM1.", "A", "Z" * 32])
def test_the_folder_of_a_report_is_no_device(code):
    """These are codes that a checklist may have."""
    assert scenarios.a_definition(code=code).header.code == code
    assert not RESERVED.match(safe_path_part(full_number(f"{code}-0001", 0)))


@pytest.mark.parametrize("code", ["ats", "aTS"])
def test_numbers_never_differ_in_capitals_alone(code):
    with pytest.raises(ValidationError):
        scenarios.a_definition(code=code)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_the_tag_in_the_name_of_a_photo_leads_nowhere(text):
    assert re.fullmatch(r"[A-Za-z0-9-]+", _safe(text))

"""The phone judges readings like the server: measure.js against measured.py and judging.py."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

import pytest

from app.definition.judging import against
from app.definition.measured import InvalidAnswer, parse_decimal
from app.definition.schema import Limits
from app.web.filters import unit_suffixes
from tests.assets.building import ASSETS, node

TEXTS = [
    "0,08",
    "1250.5",
    "1.234,56",
    "1,234.56",
    "1 234,5",
    "1'234.5",
    "1,234",
    "1.2.3",
    "12.345.678",
    ">200",
    "> 550",
    ">=1",
    "<0.5",
    "≤ 3",
    "-5",
    "−5",
    "–5",
    "+5",
    "1.5e-6",
    "2E3",
    "1 MΩ",
    "0,98 MΩ",
    "5 MΩ",
    "abc",
    "1..2",
    "1,2,3",
    ".5",
    "5.",
    "-",
    "NaN",
    "Infinity",
    "0x10",
    "1e",
    "--1",
    "200 V",
    "1",
    "0.999999",
    "10",
    "10.0000001",
    "<1",
    ">10",
    ">=10",
    "<=1",
    "980 k",
    "980 kΩ",
    "980 k\u2126",
    "1000 kΩ",
    "980K",
    "0,98 M",
    "2M2",
    "2k2",
    "4R7",
    "2M2 Ω",
    "2M2 MΩ",
    "2M2V",
    "5 mΩ",
    "5 u",
    "5e6 Ω",
    "5E3 k",
    ">10 M",
    "> 9000 kohm",
    "1,200 k",
    "5 M2",
    "5\u00a0MΩ",
    "1\u20090",
    "5 c",
    "5 km",
    "12 34",
    "5 %",
    "5 apples",
]
UNIT, LOW, HIGH = "MΩ", "1", "10"
SCRIPT = """
const { verdict } = await import(process.argv[1]);
const { texts, min, max, ...unit } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(texts.map((text) => verdict(text, min, max, unit))));
"""


@pytest.fixture(scope="module")
def on_the_phone() -> dict[str, str]:
    return dict(zip(TEXTS, _verdicts(TEXTS), strict=True))


def _verdicts(texts: list[str], **read: dict[str, str]) -> list[str]:
    limits = {"min": LOW, "max": HIGH, "unit": UNIT, "suffixes": unit_suffixes(UNIT)}
    given = json.dumps({"texts": texts, **limits, **read})
    module = (ASSETS / "src" / "measure.js").as_uri()
    command = [node(), "--input-type=module", "-e", SCRIPT, module, given]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    found: list[str] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_phone_and_server_agree(text: str, on_the_phone: dict[str, str]) -> None:
    assert on_the_phone[text] == _on_the_server(text)


def test_the_phone_judges_the_number_read_by_the_server() -> None:
    texts = ["1,200", " 1,200 ", "1,201"]
    assert _verdicts(texts) == ["in_limits"] * 3
    decided = {"text": "1,200", "decimal": "1200"}
    assert _verdicts(texts, read=decided) == ["out_of_limits", "out_of_limits", "in_limits"]


def _on_the_server(text: str) -> str:
    limits = Limits(unit=UNIT, min=Decimal(LOW), max=Decimal(HIGH))
    try:
        return against(limits, parse_decimal(text, unit=UNIT).to_json()).value
    except InvalidAnswer:
        return "no_number"

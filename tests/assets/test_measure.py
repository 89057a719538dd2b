"""The phone judges a reading as the server does: measure.js against measured.py and judging.py."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

import pytest

from app.definition.judging import judge
from app.definition.measured import InvalidAnswer, parse_decimal
from app.definition.schema import Field, FieldType, Limits, Text
from tests.assets.building import ASSETS, node

TEXTS = [
    "0,08", "1250.5", "1.234,56", "1,234.56", "1 234,5", "1'234.5", "1,234", "1.2.3", "12.345.678",
    ">200", "> 550", ">=1", "<0.5", "≤ 3", "-5", "−5", "–5", "+5", "1.5e-6", "2E3", "1 MΩ",
    "0,98 MΩ", "5 MΩ", "abc", "1..2", "1,2,3", ".5", "5.", "-", "NaN", "Infinity", "0x10",
    "1e", "--1", "200 V", "1", "0.999999", "10", "10.0000001", "<1", ">10", ">=10", "<=1",
]  # fmt: skip
UNIT, LOW, HIGH = "MΩ", "1", "10"
SCRIPT = """
const { verdict } = await import(process.argv[1]);
const { texts, min, max, unit } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(texts.map((text) => verdict(text, min, max, unit))));
"""


@pytest.fixture(scope="module")
def on_the_phone() -> dict[str, str]:
    given = json.dumps({"texts": TEXTS, "min": LOW, "max": HIGH, "unit": UNIT})
    module = (ASSETS / "src" / "measure.js").as_uri()
    command = [node(), "--input-type=module", "-e", SCRIPT, module, given]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return dict(zip(TEXTS, json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("text", TEXTS)
def test_phone_and_server_agree(text: str, on_the_phone: dict[str, str]) -> None:
    assert on_the_phone[text] == _on_the_server(text)


def _on_the_server(text: str) -> str:
    limits = Limits(unit=UNIT, min=Decimal(LOW), max=Decimal(HIGH))
    field = Field(id="r", type=FieldType.NUMBER, label=Text(en="Reading"), limits=limits)
    try:
        return judge(field, parse_decimal(text, unit=UNIT).to_json()).value
    except InvalidAnswer:
        return "no_number"

"""A unit that was typed after a reading is kept as evidence and shown once."""

from __future__ import annotations

import re

from app.definition.fields import kind_of
from app.definition.judging import AnswerFacts
from app.definition.schema import Language
from app.reports.wording import answer_words
from tests.support import scenarios

TYPED = {
    "insulation": {"text": "90 MΩ", "decimal": "90"},
    "contact_resistance": {
        "a:before": {"text": "0,08 mΩ", "decimal": "0.08"},
        "b:after": {"text": "0,61 mΩ", "decimal": "0.61"},
    },
}


def test_the_pages_show_it_once(client_of, acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        for field_id, value in TYPED.items():
            scenarios.an_answer(report, field_id, value, actor)
        address = f"/reports/{report.id}"
    text = re.sub(r"<[^>]*>", " ", client_of(cast.tess).get(address).text)
    words = " ".join(text.split())
    # The number is listed under exceptions and at its field; a table has its unit in its header.
    assert words.count("90 MΩ") == 2 and "MΩ MΩ" not in words
    assert words.count("0,61 mΩ") == 1 and "0,61 mΩ mΩ" not in words
    assert "Phase A Fase A 0,08 – Phase B Fase B – 0,61" in words


def test_words_say_it_once():
    definition = scenarios.a_definition()
    said = []
    for field_id in ("insulation", "contact_resistance"):
        field = definition.field(field_id)
        sent = TYPED[field_id]
        typed = sent["text"] if "text" in sent else {key: one["text"] for key, one in sent.items()}
        value = kind_of(field).parse(field, typed)
        assert value == sent, "what was typed is what is stored"
        said.append(answer_words(field, AnswerFacts(value=value), (Language.EN,)))
    assert said == ["90 MΩ", "0,08; 0,61 mΩ"]

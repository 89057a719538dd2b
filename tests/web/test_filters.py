"""Numbers, days and sentences as templates format them, in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask_babel import force_locale

from app.definition.sentences import say
from app.web.filters import calendar_day, decimal_text, file_size, sentence_text


@pytest.mark.parametrize(
    ("number", "english", "portuguese"),
    [
        (Decimal("0.50"), "0.50", "0,50"),
        (Decimal("-12.5"), "−12.5", "−12,5"),
        (Decimal("1E+3"), "1000", "1000"),
        ("0.0000001", "0.0000001", "0,0000001"),
    ],
)
def test_decimals_keep_their_digits(app, number, english, portuguese):
    with app.test_request_context():
        with force_locale("en"):
            assert decimal_text(number) == english
        with force_locale("pt_BR"):
            assert decimal_text(number) == portuguese


def test_a_date_answer_is_the_same_day_in_every_zone(app):
    with app.test_request_context(), force_locale("en"):
        assert calendar_day("2026-03-31") == "31 Mar 2026"


def test_sentences_fill_in_their_parameters(app):
    with app.test_request_context(), force_locale("en"):
        assert sentence_text(say("Plain 100%")) == "Plain 100%"
        assert sentence_text(say("For %(name)s", name="you")) == "For you"


@pytest.mark.parametrize(
    ("size", "english", "portuguese"),
    [
        (20, "1 kB", "1 kB"),
        (12_400, "12 kB", "12 kB"),
        (1_240_000, "1.2 MB", "1,2 MB"),
        (3_000_000, "3 MB", "3 MB"),
    ],
)
def test_sizes_have_the_readers_decimal_mark(app, size, english, portuguese):
    with app.test_request_context():
        with force_locale("en"):
            assert file_size(size) == english
        with force_locale("pt_BR"):
            assert file_size(size) == portuguese

"""E-mail addresses: the lenient form for look-ups and the strict validation."""

from __future__ import annotations

import pytest

from app.email_address import BadEmail, email_to_look_up, require_email

# As typed, and in canonical form.
GOOD = {
    " Ana@ACME.example ": "ana@acme.example",
    "\uff41na@acme.example": "ana@acme.example",  # a full-width letter
    "ana@bücher.example": "ana@bücher.example",
}
BAD = (
    "",
    "ana",
    "ana@acme",
    "a na@acme.example",
    "ana@acme.example\x00",
    "ana\u200b@acme.example",
    "ana@straße.example",
    "a" * 250 + "@acme.example",
)


@pytest.mark.parametrize(("typed", "kept"), GOOD.items())
def test_both_forms_find_the_account_of_an_address(typed, kept):
    assert require_email(typed) == email_to_look_up(typed) == kept


@pytest.mark.parametrize("typed", BAD)
def test_an_invalid_address_is_refused_and_finds_nobody(typed):
    with pytest.raises(BadEmail):
        require_email(typed)
    looked_up = email_to_look_up(typed)
    assert "\x00" not in looked_up and len(looked_up) <= 254


def test_a_missing_field_finds_nobody():
    assert email_to_look_up(None) == ""

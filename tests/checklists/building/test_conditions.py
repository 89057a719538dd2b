"""Conditions and calculations in the builder: rows to choose from, text, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.definition.logic.tree import Node
from app.definition.logic.wording import text_of
from tests.support.builder import HTMX, Desk, draft_of, start


@pytest.fixture
def desk(client_of, cast) -> Desk:
    client = client_of(cast.max)
    return Desk(client, start(client))


@pytest.fixture
def asked(desk) -> dict[str, str]:
    """The ids of questions by their text; the last is the one that gets conditions."""
    section = desk.add("section", "Tests")
    found = {"section": section}
    for text, kind in (
        ("Transformer present", "select_one"),
        ("Voltage", "number"),
        ("Doors", "verdict"),
        ("Maker", "text"),
        ("Ratio", "number"),
    ):
        found[text] = desk.add("field", text, inside=section, type=kind)
    field = found["Transformer present"]
    options = {"options.id": ["", ""], "options.en": ["Yes", "No"], "options.pt": ["Sim", "Não"]}
    form = {**desk.open("field", field), "has": "options", **options}
    assert desk.client.post(f"{desk.url}/field/{field}", data=form, headers=HTMX).status_code == 200
    return found


def save_rows(desk: Desk, part: str, node_id: str, name: str, *rows: tuple[str, str, str], **more):
    of, comparison, to = (list(column) for column in zip(*rows, strict=True))
    data = {f"{name}.mode": "rows", f"{name}.of": of, f"{name}.is": comparison, f"{name}.to": to}
    data |= {f"{name}.{key}": value for key, value in more.items()}
    form = {**desk.open(part, node_id), "has": name, **data}
    return desk.client.post(f"{desk.url}/{part}/{node_id}", data=form, headers=HTMX)


def save_text(desk: Desk, node_id: str, name: str, text: str):
    data = {"has": name, f"{name}.mode": "text", f"{name}.text": text}
    form = {**desk.open("field", node_id), **data}
    return desk.client.post(f"{desk.url}/field/{node_id}", data=form, headers=HTMX)


def stored(node: dict[str, Any], name: str) -> str:
    return text_of(Node.model_validate(node[name]))


def node_of(acting, cast, node_id: str) -> dict[str, Any]:
    (section,) = draft_of(acting, cast)["sections"]
    return next(one for one in (section, *section["fields"]) if one["id"] == node_id)


ROWS = {
    ("Transformer present", "is", "Yes"): '{transformer_present} = "yes"',
    ("Transformer present", "is_not", "Sim"): '{transformer_present} != "yes"',
    ("Transformer present", "includes", "No"): 'selected({transformer_present}, "no")',
    ("Voltage", "at_least", "-0,5"): "{voltage} >= -0.5",
    ("Doors", "is", "Not OK"): '{doors} = "not_ok"',
    ("Doors", "not_ok", ""): "not_ok({doors})",
    ("Maker", "is", 'A "B" {C}'): '{maker} = "A ""B"" {C}"',
    ("Maker", "not_answered", ""): "not answered({maker})",
    ("Maker", "na", "is passed over"): "is_na({maker})",
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_stored_as_a_tree_and_shown_as_the_same_row(desk, asked, acting, cast, row):
    answer = save_rows(desk, "field", asked["Ratio"], "shown_when", row, ("", "is", ""))
    assert answer.status_code == 200 and "Saved in the draft" in answer.text, answer.text
    ids = {re.sub(r"[^a-z]+", "_", name.lower()): one for name, one in asked.items()}
    text = re.sub(r"{(\w+)}", lambda one: "{" + ids.get(one[1], one[1]) + "}", ROWS[row])
    assert stored(node_of(acting, cast, asked["Ratio"]), "shown_when") == text
    page = desk.client.get(f"{desk.url}/field/{asked['Ratio']}", headers=HTMX).text
    assert f'name="shown_when.of" value="{row[0]}"' in page
    assert f'<option value="{row[1]}" selected>' in page


def test_rows_are_joined_by_all_or_any(desk, asked, acting, cast):
    rows = (("Voltage", "above", "1"), ("Doors", "answered", ""))
    save_rows(desk, "section", asked["section"], "shown_when", *rows, join="any")
    assert " or " in stored(node_of(acting, cast, asked["section"]), "shown_when")
    # A section must not depend on its own questions: it is an open point, and nothing is lost.
    assert "open point" in desk.page()
    save_rows(desk, "field", asked["Ratio"], "fails_when", *rows, join="all")
    assert " and " in stored(node_of(acting, cast, asked["Ratio"]), "fails_when")


def test_without_rows_the_condition_goes(desk, asked, acting, cast):
    save_rows(desk, "field", asked["Ratio"], "required_when", ("Doors", "answered", ""))
    assert "required_when" in node_of(acting, cast, asked["Ratio"])
    save_rows(desk, "field", asked["Ratio"], "required_when", ("", "is", ""))
    assert "required_when" not in node_of(acting, cast, asked["Ratio"])


REFUSED = {
    ("Nobody", "is", "1"): "No question is called",
    ("Voltage", "is", "high"): "compared with a number",
    ("Maker", "is", ""): "Say what",
    ("Transformer present", "is", "Perhaps"): "Perhaps",
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_says_nothing_is_named_and_not_stored(desk, asked, acting, cast, row):
    answer = save_rows(desk, "field", asked["Ratio"], "shown_when", row)
    assert REFUSED[row] in answer.text and "Shown when" in answer.text
    assert "shown_when" not in node_of(acting, cast, asked["Ratio"])


def test_text_says_what_rows_cannot_and_a_fault_has_its_place(desk, asked, acting, cast):
    ratio = asked["Ratio"]
    save_text(
        desk, ratio, "shown_when", '({Voltage} > 1 or not {Doors} = "OK") and answered({Maker})'
    )
    assert stored(node_of(acting, cast, ratio), "shown_when").endswith(
        f"answered({{{asked['Maker']}}})"
    )
    page = desk.client.get(f"{desk.url}/field/{ratio}", headers=HTMX).text
    assert 'name="shown_when.mode" value="text"' in page and "Choose from lists" not in page
    answer = save_text(desk, ratio, "shown_when", "{Voltage} > {Nobody}")
    assert "See “Nobody}”" in answer.text
    assert "shown_when" in node_of(acting, cast, ratio)


def test_a_calculation_is_stored_and_refused_for_another_type(desk, asked, acting, cast):
    save_text(desk, asked["Ratio"], "calculation", "round({Voltage} / 3, 1)")
    assert stored(node_of(acting, cast, asked["Ratio"]), "calculation").startswith("round(")
    answer = save_text(desk, asked["Maker"], "calculation", "{Voltage} / 3")
    assert "Calculated as" in answer.text
    assert "calculation" not in node_of(acting, cast, asked["Maker"])


def test_a_condition_can_be_shown_as_text_and_again_as_rows(desk, asked):
    save_rows(desk, "field", asked["Ratio"], "shown_when", ("Doors", "answered", ""))
    url = f"{desk.url}/field/{asked['Ratio']}"
    text = desk.client.get(f"{url}?as_text=shown_when", headers=HTMX).text
    assert "answered({" in text and "Choose from lists" in text
    assert 'name="shown_when.mode" value="rows"' in desk.client.get(url, headers=HTMX).text


def test_a_removed_question_leaves_an_open_point(desk, asked, acting, cast):
    save_rows(desk, "field", asked["Ratio"], "shown_when", ("Doors", "answered", ""))
    assert desk.act(f"field/{asked['Doors']}/remove").status_code == 200
    assert "Before it can be published" in desk.page()
    page = desk.client.get(f"{desk.url}/field/{asked['Ratio']}", headers=HTMX).text
    assert f"answered({{{asked['Doors']}}})" in page
    assert desk.act("undo").status_code == 200
    assert node_of(acting, cast, asked["Doors"])

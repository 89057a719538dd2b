"""When a signature is due: the column of a workbook, and what submit and approval ask for."""

from __future__ import annotations

import pytest

from app.definition.assessment import assess
from app.definition.judging import SignatureFacts
from app.definition.missing import MissingKind
from app.definition.schema import Definition, SignatureDue
from app.definition.workbook.grammar import parse_due
from app.definition.workbook.problems import Unclear
from tests.definition.builders import problems_of, read_rich
from tests.support.guests import definition_with_client

ROLES = ("Role (EN)", "Role (PT)", "Required", "Due")
ROW = ("A / B", "Clean", "Limpo", "verdict")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("", SignatureDue.SUBMIT),
        ("-", SignatureDue.SUBMIT),
        ("Submit", SignatureDue.SUBMIT),
        ("no envio", SignatureDue.SUBMIT),
        ("Approval", SignatureDue.APPROVAL),
        ("na aprovação", SignatureDue.APPROVAL),
    ],
)
def test_each_step_has_its_names(text: str, due: SignatureDue) -> None:
    assert parse_due(text) is due


def test_another_word_is_refused() -> None:
    with pytest.raises(Unclear):
        parse_due("tomorrow")


def test_a_workbook_says_when_a_role_signs() -> None:
    result = read_rich(
        ROW,
        Signatures=[
            ROLES,
            ("Technician", "Técnico executor", "yes", "submit"),
            ("Client", "Cliente", "yes", "approval"),
            ("Owner", "Dono", "no", None),
        ],
    )
    assert result.problems == () and result.definition
    submit, approval = SignatureDue.SUBMIT, SignatureDue.APPROVAL
    assert [role.due for role in result.definition.signature_roles] == [submit, approval, submit]
    rows = [ROLES, ("By", "Por", "yes", "tomorrow")]
    [(cell, sentence)] = problems_of(read_rich(ROW, Signatures=rows))
    assert cell == "D2" and sentence.startswith('"tomorrow" is not a step of a report.')


def test_what_the_submit_and_the_approval_ask_for() -> None:
    definition = definition_with_client()
    nobody = assess(definition, {})
    assert [one.role_id for one in nobody.missing if one.role_id] == ["technician"]
    assert [one.role_id for one in nobody.missing_at_approval] == ["client"]
    void = assess(definition, {}, (), [SignatureFacts("client", valid=False)])
    assert [one.kind for one in void.missing_at_approval] == [MissingKind.SIGNATURE_VOID]
    both = assess(definition, {}, (), [SignatureFacts("client"), SignatureFacts("technician")])
    assert not both.missing_at_approval
    assert both.progress.per_section["_signatures"] == (1, 1)


def test_definitions_of_earlier_releases_ask_at_the_submit() -> None:
    body = definition_with_client().model_dump(mode="json")
    for role in body["signature_roles"]:
        del role["due"]
    roles = Definition.model_validate(body).signature_roles
    assert {role.due for role in roles} == {SignatureDue.SUBMIT}

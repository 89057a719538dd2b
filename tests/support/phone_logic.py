"""Evaluates expressions with the phone's script, in Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from app.definition.logic.packing import pack, tree_of
from app.definition.logic.tree import Node
from app.definition.schema import Definition
from tests.assets.building import ASSETS, node

MODULE = ASSETS / "src" / "logic" / "evaluating.js"

# `evaluateAll(Logic, Decimal, given)` is also what the browser runs.
EVALUATE_ALL = """
function evaluateAll(Logic, Decimal, { checklist, cases }) {
  const plain = (value) =>
    value instanceof Decimal ? (value.isZero() ? "0" : value.toFixed()) : value;
  return cases.map(({ tree, answers }) => {
    const logic = new Logic(checklist, (id) => answers[id]);
    if (tree) return plain(logic.value(tree));
    const ids = Object.keys(checklist.fields);
    const shown = ids.filter((id) => logic.isShown(id));
    return {
      hidden: ids.filter((id) => !logic.isShown(id)),
      required: shown.filter((id) => logic.isRequired(id)),
      fails: ids.filter((id) => logic.fails(id)),
      not_ok: ids.filter((id) => logic.isNotOk(id)),
      calculated: Object.fromEntries(
        ids.filter((id) => checklist.fields[id].calculation).map((id) => [id, logic.calculated(id)]),
      ),
    };
  });
}
"""

_SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
{EVALUATE_ALL}
const {{ Logic, Decimal }} = await import(process.argv[1]);
const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(evaluateAll(Logic, Decimal, given)));
"""

Answers = Mapping[str, Mapping[str, Any]]


def packed_cases(
    definition: Definition, cases: Sequence[tuple[Node | None, Answers]]
) -> dict[str, Any]:
    """What `evaluateAll` takes. A case without a tree asks for the state of the whole form."""
    return {
        "checklist": pack(definition),
        "cases": [{"tree": tree_of(node) if node else None, "answers": a} for node, a in cases],
    }


def evaluate_on_phone(
    definition: Definition, cases: Sequence[tuple[Node | None, Answers]]
) -> list[Any]:
    """The results in order: numbers as plain decimals, empty as None."""
    ran = subprocess.run(
        [node(), "--input-type=module", "-e", _SCRIPT, MODULE.as_uri()],
        input=json.dumps(packed_cases(definition, cases)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[Any] = json.loads(ran.stdout)
    return found

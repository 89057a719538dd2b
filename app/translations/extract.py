"""Babel's Python extractor plus the sentences that stand as docstrings of domain errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from babel.messages.extract import extract_python

Message = tuple[int, Any, Any, Any]
# Classes whose children are domain errors too; app.errors defines them.
DOMAIN_BASES = {
    "ReportClosed",
    "DomainError",
    "WeakPassword",
    "NotFound",
    "NotAllowed",
    "SignatureRefused",
    "LinkRefused",
    "LogoRefused",
    "LimitReached",
    "ReadOnly",
    "WorkbookRefused",
    "WrongStatus",
}


# The mark of both forms of a sentence that counts, in app/definition/sentences.py.
COUNTED = "NN_"


def extract(
    file: BinaryIO, keywords: dict[str, Any], comment_tags: list[str], options: dict[str, Any]
) -> Iterator[Message]:
    """Every marked text of a Python file, then every error sentence."""
    marks = cast(Any, {*keywords, COUNTED})
    for line, name, texts, comments in extract_python(
        file, marks, comment_tags, cast(Any, options)
    ):
        if name == COUNTED:  # Babel knows no mark of ours
            yield line, "ngettext", tuple(texts)[:2], comments
        else:
            yield line, name, texts, comments
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.ClassDef) and any(_is_domain_error(base) for base in node.bases):
            sentence = " ".join((ast.get_docstring(node) or "").split())
            one = _sentence_for_one(node)
            if sentence and one:
                yield node.lineno, "ngettext", (one, sentence), []
            elif sentence:
                yield node.lineno, "gettext", sentence, []


def _sentence_for_one(node: ast.ClassDef) -> str | None:
    """What an error that counts says of one (DomainError.one)."""
    for part in node.body:
        is_one = isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "one"
        if is_one and isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant):
            return str(part.value.value)
    return None


def _is_domain_error(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id in DOMAIN_BASES

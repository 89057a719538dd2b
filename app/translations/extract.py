"""Babel's Python extractor plus the sentences that stand as docstrings of domain errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from babel.messages.extract import extract_python

Message = tuple[int, Any, Any, Any]
# Classes whose children are domain errors too; app.errors defines them.
DOMAIN_BASES = {
    "DomainError",
    "WeakPassword",
    "NotFound",
    "NotAllowed",
    "SignatureRefused",
    "LinkRefused",
    "LogoRefused",
    "LimitReached",
    "ReadOnly",
}


def extract(
    file: BinaryIO, keywords: dict[str, Any], comment_tags: list[str], options: dict[str, Any]
) -> Iterator[Message]:
    """Every marked text of a Python file, then every error sentence."""
    yield from extract_python(file, keywords, comment_tags, cast(Any, options))
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.ClassDef) and any(_is_domain_error(base) for base in node.bases):
            sentence = " ".join((ast.get_docstring(node) or "").split())
            if sentence:
                yield node.lineno, "gettext", sentence, []


def _is_domain_error(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id in DOMAIN_BASES

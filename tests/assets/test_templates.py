"""Pages comply with the content security policy: no inline script or style, no eval."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.assets.building import APP, ASSETS

TEMPLATES = APP / "templates"
# The PDF engine and mail readers have no such policy.
EXEMPT = ("pdf", "email")
FORBIDDEN = {
    "style attribute": r"\sstyle\s*=",
    "style element": r"<style[\s>]",
    "event attribute": r"\son[a-z]+\s*=",
    "hx-on": r"hx-on\b",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "javascript: address": r"javascript:",
    "js: values": r"hx-(?:vals|headers|confirm)[\w:-]*\s*=\s*[\"']\s*js:",
    "trigger filter": r"hx-trigger[\w:-]*\s*=\s*(?:\"[^\"]*\[|'[^']*\[)",
}
PAGES = sorted(
    path for path in TEMPLATES.rglob("*.html") if path.relative_to(TEMPLATES).parts[0] not in EXEMPT
)


def _without_comments(path: Path) -> str:
    return re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)


def test_templates_comply_with_the_content_security_policy() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {what}"
        for path in PAGES
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, _without_comments(path), re.I)
    ]
    assert found == []


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="color:red">',
        "<style>p{}</style>",
        '<a onclick="x()">',
        '<div hx-on:click="x()">',
        "<script>x()</script>",
        '<a href="javascript:x()">',
        "<div hx-vals='js:{a: 1}'>",
        '<div hx-trigger="click[ctrlKey]">',
    ],
)
def test_the_lint_finds_violations(markup: str) -> None:
    assert any(re.search(pattern, markup, re.I) for pattern in FORBIDDEN.values())


def test_every_icon_that_a_template_names_is_in_the_style_sheet() -> None:
    known = set(json.loads((ASSETS / "src" / "icons.json").read_text()))
    named = {
        name
        for path in PAGES
        for name in re.findall(r"\b(?:icon|empty)\(\s*['\"]([\w-]+)['\"]", path.read_text())
    }
    assert named
    assert named <= known


def test_scripts_evaluate_nothing() -> None:
    for path in (ASSETS / "src").rglob("*.js"):
        found = re.findall(r"\beval\(|new Function|innerHTML|document\.write", path.read_text())
        assert not found, path.name

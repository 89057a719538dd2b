"""Reads the alternative texts of a PDF: what a screen reader says instead of a picture."""

from __future__ import annotations

from io import BytesIO

import pikepdf


def alternatives(data: bytes) -> list[str]:
    """The alternative texts of the pictures, in reading order."""
    with pikepdf.open(BytesIO(data)) as document:
        found: list[str] = []
        _walk(document.Root.StructTreeRoot.K, found)
        return found


def _walk(node: pikepdf.Object, found: list[str]) -> None:
    if isinstance(node, pikepdf.Array):
        for kid in node:
            _walk(kid, found)
    elif isinstance(node, pikepdf.Dictionary):
        if "/Alt" in node:
            found.append(str(node.Alt))
        if "/K" in node:
            _walk(node.K, found)

"""The modules of the app, each read and parsed once for all policy tests.

Test modules that use it share the xdist group "sources", so that one worker parses.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"


@cache
def modules() -> tuple[Path, ...]:
    return tuple(sorted(path for path in APP.rglob("*.py") if "node_modules" not in path.parts))


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def place_of(path: Path) -> str:
    """The module's name in the tables of the policy tests, such as `auth/routes.py`."""
    return str(path.relative_to(APP))

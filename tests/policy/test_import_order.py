"""One order of all units of the app, lowest first, decides the allowed imports.

A unit is a module or a package directly under app/. It imports only lower units, so there are no
cycles. Higher features subscribe to the events of a report (app/reports/lifecycle.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.policy.sources import APP, modules, tree_of

pytestmark = pytest.mark.xdist_group("sources")

CORE = [
    "amounts",
    "distances",
    "fonts",
    "scripts",
    "stored",
    "layouts",
    "slow_work",
    "errors",
    "paging",
    "metrics",
    "logs",
    "config",
    "translations",
    "database_roles",
    "extensions",
    "sandbox",
    "watching",
    "tenancy",
    "prepared",
    "encryption",
    "definition",
    "words",
    "models",
    "transactions",
    "tombstones",
    "email_address",
    "signing",
    "contact",
    "rows",
    "locks",
    "gazetteer",
    "storage",
    "imaging",
    "pdf",
    "agreement",
    "surroundings",
    "jobs",
    "sealing",
    "web",
]
FEATURES = [
    "evidence",
    "anchors",
    "downloads",
    "plans",
    "reports",
    "audit",
    "mail",
    "auth",
    "photos",
    "uploads",
    "witnessing",
    "operations",
    "outboxes",
    "documents",
    "checking",
    "branding",
    "exports",
    "checklists",
    "team",
    "equipment",
    "projects",
    "company",
    "platform",
    "health",
    "api",
    "home",
    "offline",
]
JOIN = ["commands", "cli", "features", "local", "web_worker"]
ORDER = {unit: place for place, unit in enumerate([*CORE, *FEATURES, *JOIN])}
# Routes, forms and jobs may use the request or the worker; all others take plain values.
EDGE = ("routes", "forms", "jobs")
# Functions that import a module late, and why.
LATE = {
    "__init__": "create_app: the launcher and the commands import app without loading the features",
    "storage/__init__": "boto3, where files are kept in S3",
    "photos/jobs": "image decoders, in workers only",
    "documents/jobs": "WeasyPrint, in workers only",
    "branding/jobs": "WeasyPrint, in workers only",
    "exports/bundle/jobs": "what attaches and seals, in workers only",
    "commands/sealing": "pyHanko, in the sealer only",
    "anchors/places": "boto3, where anchors are kept in a bucket",
    "commands/up": "what only the process that it starts needs",
    "commands/check/seals": "pyHanko, where seals are checked",
    "commands/check/machine": "WeasyPrint, where the machine is checked",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(APP.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def unit_of(name: str) -> str:
    return ([*name.split("."), ""])[1]


@cache
def is_module(name: str) -> bool:
    path = APP.parent / Path(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def imported(node: ast.AST) -> Iterator[str]:
    """The modules of app that one statement imports."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "app":
        for one in node.names:
            full = f"{node.module}.{one.name}"
            yield full if is_module(full) else str(node.module)
    elif isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name.split(".")[0] == "app")


@cache
def imports(path: Path) -> frozenset[str]:
    return frozenset(name for node in ast.walk(tree_of(path)) for name in imported(node))


def pairs() -> Iterator[tuple[str, str]]:
    """(module, imported module), without app itself."""
    for path in modules():
        for one in sorted(imports(path)):
            if unit_of(name_of(path)) and unit_of(one):
                yield name_of(path), one


def is_edge(name: str) -> bool:
    return name.split(".")[-1].split("_")[-1] in EDGE


def test_every_unit_has_its_place():
    assert {unit_of(name_of(path)) for path in modules()} - {""} == ORDER.keys()


def test_imports_point_downwards():
    upward = [
        f"{name} imports {one}"
        for name, one in pairs()
        if ORDER[unit_of(one)] > ORDER[unit_of(name)]
    ]
    assert upward == []


def test_inside_a_feature_services_know_no_routes_forms_or_jobs():
    """A package may import its own routes, because its blueprint needs them."""
    packages = {name_of(path) for path in modules() if path.name == "__init__.py"}
    upward = [
        f"{name} imports {one}"
        for name, one in pairs()
        if unit_of(name) in FEATURES and name not in packages
        if is_edge(one) and not is_edge(name)
    ]
    assert upward == []


def test_features_never_use_each_others_routes_or_jobs():
    wrong = [
        f"{name} imports {one}"
        for name, one in pairs()
        if unit_of(name) in FEATURES and unit_of(one) != unit_of(name)
        if unit_of(one) in FEATURES and one.split(".")[-1].split("_")[-1] in ("routes", "jobs")
    ]
    assert wrong == []


def test_no_module_imports_itself_through_others():
    """Except blueprint packages, which their own routes import."""
    names = {name_of(path): path for path in modules() if path.name != "__init__.py"}
    known = {name: sorted(imports(path) & names.keys()) for name, path in names.items()}
    circles: list[str] = []
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circles.append(" -> ".join((*way[way.index(name) :], name)))
        elif name not in done:
            for one in known[name]:
                walk(one, (*way, name))
            done.add(name)

    for name in known:
        walk(name, ())
    assert circles == []


def test_late_imports_have_a_reason():
    late = {
        str(path.relative_to(APP).with_suffix(""))
        for path in modules()
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if any(True for _ in imported(node))
    }
    assert late == LATE.keys()


def test_services_and_queries_never_see_the_request():
    forbidden = {"request", "current_user", "session", "g", "flash"}
    # The session of a login, and stored files as responses.
    of_the_web = {"app.auth.identity", "app.downloads.files"}
    wrong = [
        f"{name_of(path)} imports {sorted(named)}"
        for path in modules()
        if unit_of(name_of(path)) in FEATURES and path.name != "__init__.py"
        if not is_edge(name_of(path)) and name_of(path) not in of_the_web
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login")
        if (named := {one.name for one in node.names} & forbidden)
    ]
    assert wrong == []


def test_pdf_knows_no_models():
    """The order of units alone would allow it."""
    wrong = [pair for pair in pairs() if unit_of(pair[0]) == "pdf" and unit_of(pair[1]) == "models"]
    assert wrong == []


def test_models_import_no_flask():
    for path in (APP / "models").glob("*.py"):
        assert "flask" not in path.read_text().replace("No Flask", ""), path.name

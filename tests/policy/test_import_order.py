"""Who may import whom (design: Shape of the code). The lower layer never knows the upper one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"
FEATURES = {
    "auth", "home", "projects", "checklists", "reports", "photos", "documents", "evidence",
    "team", "company", "platform", "api", "mail", "exports",
}  # fmt: skip
EDGE = {"routes", "forms", "jobs"}
LAYERS = {"config": 0, "amounts": 0, "logs": 0, "metrics": 0, "extensions": 0, "errors": 0, "signing": 0, "encryption": 0, "mailbox": 0, "paging": 0, "stored": 0, "slow_work": 0, "fonts": 0, "scripts": 0, "distances": 0, "gazetteer": 0, "apart": 0, "tenancy": 1, "transactions": 1, "definition": 2, "contact": 2, "models": 2, "tombstones": 2,
          "storage": 3, "imaging": 3, "pdf": 3, "jobs": 3, "web": 3, "witnesses": 3, "surroundings": 3}  # fmt: skip


def modules() -> list[Path]:
    return sorted(path for path in APP.rglob("*.py") if "node_modules" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(APP.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("app"):
            found.add(node.module)
            found.update(
                f"{node.module}.{one.name}"
                for one in node.names
                if (APP.parent / Path(*node.module.split("."), one.name + ".py")).exists()
                or (APP.parent / Path(*node.module.split("."), one.name)).is_dir()
            )
        elif isinstance(node, ast.Import):
            found.update(one.name for one in node.names if one.name.startswith("app."))
    return found


def is_edge(name: str) -> bool:
    parts = name.split(".")
    return parts[1] in FEATURES and (len(parts) == 2 or parts[-1].split("_")[-1] in EDGE)


def rank(name: str) -> int:
    """0 settings .. 3 shared cores, 4 queries and services, 5 routes, forms and jobs, 6 the join."""
    parts = name.split(".")
    if len(parts) == 1:
        return 6
    if parts[1] in FEATURES:
        return 5 if is_edge(name) else 4
    return LAYERS.get(parts[1], 6)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_downwards(path):
    name = name_of(path)
    if path.name == "__init__.py" and rank(name) == 5:
        return  # a blueprint's package imports its own routes
    wrong = [one for one in imports(path) if one != "app" and rank(one) > rank(name)]
    assert wrong == [], f"{name} imports {wrong}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_features_use_each_others_services_never_their_routes(path):
    parts = name_of(path).split(".")
    if len(parts) < 2 or parts[1] not in FEATURES:
        return
    wrong = [
        one
        for one in imports(path)
        if rank(one) == 5 and one.split(".")[1] != parts[1] and len(one.split(".")) > 2
    ]
    assert wrong == []


def test_services_and_queries_never_see_the_request():
    forbidden = {"request", "current_user", "session", "g", "flash"}
    for path in modules():
        if rank(name_of(path)) != 4 or path.name in ("identity.py", "__init__.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login"):
                named = {one.name for one in node.names} & forbidden
                assert not named, f"{name_of(path)} imports {named}"


def test_pdf_knows_no_models_and_web_no_feature():
    for path in modules():
        name = name_of(path)
        if name.startswith("app.pdf"):
            assert not [one for one in imports(path) if one.startswith("app.models")], name
        if name.startswith("app.web"):
            assert not [
                one
                for one in imports(path)
                if one.split(".")[1:2] and one.split(".")[1] in FEATURES
            ], name


def test_models_import_no_flask():
    for path in (APP / "models").glob("*.py"):
        assert "flask" not in path.read_text().replace("No Flask", ""), path.name

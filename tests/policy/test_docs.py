"""Everything that the documentation names exists, and settings, commands and targets are
documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app.config import Settings
from app.imaging.limits import MILLION, PixelLimits
from tests.policy.sources import modules
from tests.screenshots import __main__ as script
from tests.screenshots.pictures import FOLDER, PICTURES

ROOT = Path(__file__).resolve().parents[2]
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
CONFIGURATION, OPERATING = ROOT / "docs/configuration.md", ROOT / "docs/operating.md"
PAGES = sorted([README, CONTRIBUTING, *(ROOT / "docs").rglob("*.md")])
# Generated files, never committed.
MADE = ("instance", "app/static", "bench/results", "bench/load/results", ".venv")
# In `app/<feature>/...`, the reader chooses the name; `_field_*.html` are several files.
PATH = re.compile(r"`((?:app|tests|bench|deploy|docs|migrations)/[\w./-]*)`")
# Commands of Flask itself and its extensions.
FOREIGN = {"run", "shell", "routes", "db", "limiter"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def named_paths(page: Path) -> list[str]:
    return [name for name in PATH.findall(page.read_text()) if not name.startswith(MADE)]


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M
    )
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def configured(page: Path) -> set[str]:
    return set(re.findall(r"`([A-Z0-9_]+)`", page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_a_page_names_exists(page):
    missing = {name for name in named_paths(page) if not (ROOT / name).exists()}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page):
    wrong = []
    for name, anchor in re.findall(
        r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]+))?\)", page.read_text()
    ):
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(f"{name}#{anchor}")
    assert wrong == []


def test_every_document_can_be_reached_from_the_readme():
    links = set(re.findall(r"\]\((?!https?:|#)([^)#]+)", README.read_text()))
    pages = {name_of(page) for page in PAGES if page.parent == ROOT / "docs"}
    assert pages | {"CONTRIBUTING.md"} <= links


def test_the_readme_is_short_and_contributing_begins_with_the_two_recipes():
    assert len(README.read_text().splitlines()) <= 120
    first = "\n".join(CONTRIBUTING.read_text().splitlines()[:10])
    assert "[Add a field type](#add-a-field-type)" in first
    assert "[Add a feature](#add-a-feature)" in first


def test_configuration_lists_exactly_the_settings():
    """The process starters, not the app, read the rest of the table."""
    settings = {name.upper() for name in Settings.model_fields} - {"TESTING"}
    listed = {
        name
        for row in re.findall(r"^\| (`[A-Z].*?) \|", CONFIGURATION.read_text(), re.MULTILINE)
        for name in re.findall(r"`([A-Z0-9_]+)`", row)
    }
    assert settings - listed == set()
    sources = [
        ROOT / "gunicorn.conf.py",
        *modules(),
    ]
    starting = "\n".join(path.read_text() for path in sources)
    assert [name for name in listed - settings if not named_by(name, starting)] == []


def named_by(setting: str, source: str) -> bool:
    return f'"{setting}"' in source or f"{setting.lower()}:" in source


def test_the_example_sets_nothing_that_does_not_exist():
    example = set(re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert example - configured(CONFIGURATION) == set()


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = CONTRIBUTING.read_text()
    assert [one for one in targets if one != "help" and f"`make {one}" not in text] == []


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.MULTILINE))
        assert {one or other for one, other in named} - targets == set(), name_of(page)


def test_every_command_is_documented(app):
    rows = re.findall(r"^\| (`flask .*?) \|", OPERATING.read_text(), re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"[a-z][a-z-]+", row)}
    missing = []
    for name, command in app.cli.commands.items():
        inside = command.commands if isinstance(command, click.Group) else {}
        if name not in FOREIGN:
            missing += [one for one in (name, *inside) if one not in words]
    assert missing == []


def test_the_page_on_settings_names_the_limit_of_each_kind_of_picture():
    row = re.search(
        r"^\| `MAX_PICTURE_PIXELS` \| (\d+) \| (.*) \|$", CONFIGURATION.read_text(), re.M
    )
    assert row
    limits = PixelLimits()
    named = dict(re.findall(r"a (JPEG|HEIC|PNG) of (?:at most )?(\d+) million", row[2]))
    assert {kind.lower(): int(number) for kind, number in named.items()} == limits.in_millions
    assert int(row[1]) == limits.jpeg == Settings.model_fields["max_picture_pixels"].default
    assert all(
        number * MILLION == getattr(limits, kind) for kind, number in limits.in_millions.items()
    )


def test_the_readme_shows_exactly_the_pictures_that_are_made():
    shown = re.findall(r"!\[[^\]]+\]\(docs/images/([^)]+)\)", README.read_text())
    made = [picture.path.name for picture in PICTURES]
    assert sorted(shown) == sorted(made) == sorted(path.name for path in FOLDER.iterdir())
    heavy = [path.name for path in FOLDER.iterdir() if path.stat().st_size > 100_000]
    assert heavy == []
    assert "-m tests.screenshots\n" in (ROOT / "Makefile").read_text()
    assert script.PICTURES is PICTURES


def test_every_picture_is_of_a_page_that_its_person_may_open(app):
    for picture in PICTURES:
        rules = list(app.url_map.iter_rules(picture.endpoint))
        assert any("GET" in (rule.methods or ()) for rule in rules), picture
        assert picture.person in app.view_functions[picture.endpoint].guard, picture

"""What the documentation names exists, and what can be set is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.config import Settings
from app.imaging.limits import MILLION, PixelLimits

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
# Made on a machine, never committed.
MADE = ("instance", "app/static", "bench/results", "bench/load/results", ".venv")
# `app/<feature>/...` stands for a name that the reader chooses.
PATH = re.compile(r"`((?:app|tests|bench|deploy|docs|migrations)/[\w./-]*)`")


def named_paths(page: Path) -> list[str]:
    return [name for name in PATH.findall(page.read_text()) if not name.startswith(MADE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page):
    assert [name for name in named_paths(page) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_setting_is_in_the_readme():
    settings = {name.upper() for name in Settings.model_fields} - {"TESTING"}
    readme = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "README.md").read_text()))
    assert settings - readme == set()


def test_the_example_sets_nothing_that_does_not_exist():
    example = set(re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    readme = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "README.md").read_text()))
    assert example - readme == set()


def test_every_make_target_is_in_the_readme():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert [one for one in targets if f"make {one}" not in readme] == []


def test_the_readme_names_the_limit_of_each_kind_of_picture():
    row = re.search(
        r"^\| `MAX_PICTURE_PIXELS` \| (\d+) \| (.*) \|$", (ROOT / "README.md").read_text(), re.M
    )
    assert row
    limits = PixelLimits()
    named = dict(re.findall(r"a (JPEG|HEIC|PNG) of (?:at most )?(\d+) million", row[2]))
    assert {kind.lower(): int(number) for kind, number in named.items()} == limits.in_millions
    assert int(row[1]) == limits.jpeg == Settings.model_fields["max_picture_pixels"].default
    assert all(
        number * MILLION == getattr(limits, kind) for kind, number in limits.in_millions.items()
    )

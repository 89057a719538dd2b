"""The earlier commit that `make bench` compares with runs beside this checkout."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.baseline import NoBaseline, checkout

SAY = "import app.fonts; print(app.fonts.__file__); app.fonts.find_face(app.fonts.REGULAR)"


def test_a_process_in_the_checkout_runs_the_earlier_code_with_the_built_fonts(tmp_path):
    try:
        found = checkout(folder=tmp_path)
    except NoBaseline as error:  # a copy of the files, or a shallow clone
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, "-c", SAY], cwd=found, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(found / "app" / "fonts.py")
    assert checkout(folder=tmp_path) == found


def test_an_unknown_commit_is_named_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(NoBaseline, match="not-a-commit"):
        checkout("not-a-commit", tmp_path)
    assert list(tmp_path.iterdir()) == []

"""The limits of a job's own process, and fonts that survive forked children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.pdf.engine import render_pdf
from tests.pdf import samples

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = """
from app.pdf.limits import TooLarge, limit_process
limit_process(cpu_seconds=1)
try:
    while True:
        pass
except TooLarge as error:
    print(error)
"""
GREEDY = """
from app.pdf.limits import limit_process
limit_process(memory_bytes=400 * 1024 * 1024)
try:
    bytearray(500 * 1024 * 1024)
except MemoryError:
    print("refused")
"""


def run(script: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        check=True,
        timeout=30,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_a_job_that_runs_too_long_gets_an_exception() -> None:
    assert run(ENDLESS) == "Making the PDF took longer than one document may take."


def test_a_job_cannot_take_all_memory() -> None:
    assert run(GREEDY) == "refused"


def test_a_forked_child_that_ends_does_not_take_the_fonts_away(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from app.pdf.engine import render_pdf, warm_up
from app.pdf.lean.fonts import shared_fonts
from tests.pdf import samples
warm_up()
child = os.fork()
if child == 0:
    render_pdf(samples.bare_context(), {{}}, Path({str(tmp_path / "child.pdf")!r}))
    sys.exit(0)
os.waitpid(child, 0)
print(len(list(shared_fonts()._folder.iterdir())))
render_pdf(samples.bare_context(), {{}}, Path({str(tmp_path / "parent.pdf")!r}))
"""
    assert run(script) == "5"
    parent = tmp_path / "parent.pdf"
    assert parent.read_bytes() == (tmp_path / "child.pdf").read_bytes()
    render_pdf(samples.bare_context(), {}, tmp_path / "here.pdf")
    assert (tmp_path / "here.pdf").read_bytes() == parent.read_bytes()

"""The same report gives the same bytes in every process, whatever fonts the system has.

Two processes print the same two reports. They differ in everything that may differ between
machines: the seed of Python's hashes, and whether the machine has fonts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pdf.reading import font_names, text_of

pytestmark = pytest.mark.xdist_group("same bytes")

ROOT = Path(__file__).resolve().parents[2]
SYMBOLS = "Ω µ ≤ ≥ ± ° ² ³ × ÷ √ ∞ Δ φ ‰ − – — … · ₂ ⁻¹ ª º ç ã é õ à ü ñ"
SCRIPT = """
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from app.pdf.context import PrintedText
from app.pdf.engine import render_pdf
from tests.pdf import samples
from tests.pdf.filling import filled
from tests.support.sentences import SENTENCES
folder, symbols, scripts = map(Path, sys.argv[1:4])
sample = samples.failed_report(folder)
question = replace(sample.context.sections[1].questions[0], label=PrintedText(sys.argv[4]))
last = replace(sample.context.sections[1], questions=(question,))
context = replace(sample.context, sections=(sample.context.sections[0], last))
render_pdf(context, sample.files, symbols)
sample = samples.one_of_everything(folder)
render_pdf(filled(sample.context, cycle(SENTENCES.values())), sample.files, scripts)
"""


def render_apart(folder: Path, seed: int, **changes: str) -> tuple[Path, Path]:
    """Render the report of symbols and the report of all scripts in a separate process."""
    made = folder / f"symbols-{seed}.pdf", folder / f"scripts-{seed}.pdf"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder), *map(str, made), SYMBOLS],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT), **changes},
        check=True,
        timeout=240,
    )
    return made


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Path, Path], tuple[Path, Path]]:
    """The output of the process with the machine's fonts, and of the one without."""
    folder = tmp_path_factory.mktemp("apart")
    none = folder / "fonts.conf"
    none.write_text(f"<fontconfig><cachedir>{folder}/cache</cachedir></fontconfig>")
    return render_apart(folder, 1), render_apart(folder, 2, FONTCONFIG_FILE=str(none))


@pytest.mark.parametrize("report", [0, 1], ids=["symbols", "scripts"])
def test_two_processes_write_the_same_bytes(apart, report: int) -> None:
    with_fonts, without = apart
    assert with_fonts[report].read_bytes() == without[report].read_bytes()


def test_symbols_are_printed_and_read_back_without_system_fonts(apart) -> None:
    _with_fonts, (symbols, _scripts) = apart
    assert SYMBOLS in text_of(symbols)
    assert all(name.startswith("Inter") for name in font_names(symbols))

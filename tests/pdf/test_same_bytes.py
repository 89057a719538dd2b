"""The same report gives the same bytes in every process, and needs no font of the system."""

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
from pathlib import Path
from app.pdf.context import Words
from app.pdf.engine import render_pdf
from tests.pdf import samples
sample = samples.failed_report(Path(sys.argv[1]))
question = replace(sample.context.sections[1].questions[0], label=Words(sys.argv[3]))
last = replace(sample.context.sections[1], questions=(question,))
context = replace(sample.context, sections=(sample.context.sections[0], last))
render_pdf(context, sample.files, Path(sys.argv[2]))
"""


def render_apart(folder: Path, seed: int) -> Path:
    """Render in a process of its own that sees no system font."""
    fonts = folder / "fonts.conf"
    fonts.write_text(f"<fontconfig><cachedir>{folder}/cache</cachedir></fontconfig>")
    output = folder / f"out-{seed}.pdf"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder), str(output), SYMBOLS],
        env={
            **os.environ,
            "FONTCONFIG_FILE": str(fonts),
            "PYTHONHASHSEED": str(seed),
            "PYTHONPATH": str(ROOT),
        },
        check=True,
        timeout=120,
    )
    return output


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("apart")
    return render_apart(folder, 1), render_apart(folder, 2)


def test_two_processes_write_the_same_bytes(apart: tuple[Path, Path]) -> None:
    assert apart[0].read_bytes() == apart[1].read_bytes()


def test_symbols_are_printed_and_read_back_without_system_fonts(apart: tuple[Path, Path]) -> None:
    assert SYMBOLS in text_of(apart[0])
    assert all(name.startswith("Inter") for name in font_names(apart[0]))

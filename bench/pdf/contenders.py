"""The contenders, each with `warm()` and `render(material, output)`. No timing here.

A contender imports its libraries only when it is used, so that no child loads those of another.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pdf.report import Material, a_material

CHROMIUM = "/usr/bin/chromium-headless-shell"


Render = Callable[[Material, Path], None]


@dataclass(frozen=True, slots=True)
class Contender:
    """`prints_answers` is false for the copy limit, which has only photos. Without `render`, it is
    the earlier commit's, in a process of its own (earlier.py). `most_photos` bounds those that take
    too long, `rounds` is for the slowest."""

    name: str
    words: str
    warm: Callable[[], None] | None = None
    render: Render | None = None
    prints_answers: bool = True
    most_photos: int = 10_000
    is_slow: bool = False
    is_here: Callable[[], bool] = lambda: True


def _warm_ours() -> None:
    from app.pdf.engine import warm_up

    warm_up()


def _ours(material: Material, output: Path) -> None:
    """Render as the worker does, including the check that each photo's exact bytes are drawn."""
    from app.pdf.engine import render_pdf

    render_pdf(material.context, material.prints, output)


def _chromium(material: Material, output: Path) -> None:
    """The same HTML and CSS as ours, with the prints, by Chromium's own print to PDF."""
    from app.pdf.fonts import font_face_css, font_files
    from app.pdf.markup import STYLESHEETS, render_html, stylesheet, theme_css

    texts = (
        font_face_css(),
        *(stylesheet(name) for name in STYLESHEETS),
        theme_css(material.context),
    )
    html = render_html(material.context).replace(
        "</head>", f"<style>{' '.join(texts)}</style></head>"
    )
    for key, path in material.prints.items():
        html = html.replace(f"evidence:{key}", path.resolve().as_uri())
    for name, path in font_files().items():
        html = html.replace(f"asset:{name}", path.resolve().as_uri())
    with TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(html, encoding="utf-8")
        options = (
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            "--allow-file-access-from-files",
        )
        command = [CHROMIUM, *options, f"--user-data-dir={folder}", f"--print-to-pdf={output}"]
        subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=600)


def _typst(material: Material, output: Path) -> None:
    from bench.pdf.by_typst import render

    render(material, output)


def _warm_typst() -> None:
    with TemporaryDirectory() as folder:
        _typst(_a_word(Path(folder)), Path(folder) / "warm.pdf")


def _reportlab(material: Material, output: Path) -> None:
    from bench.pdf.by_reportlab import render

    render(material, output)


def _warm_reportlab() -> None:
    with TemporaryDirectory() as folder:
        _reportlab(_a_word(Path(folder)), Path(folder) / "warm.pdf")


def _copy(material: Material, output: Path) -> None:
    """The lower limit of any program: read the bytes of the prints and write them."""
    import pikepdf

    with pikepdf.new() as pdf:
        for photo in material.photos():
            _page_of(pdf, material.prints[photo.key], photo.width, photo.height)
        pdf.save(output, compress_streams=False)


def _page_of(pdf: object, path: Path, width: int, height: int) -> None:
    import pikepdf

    assert isinstance(pdf, pikepdf.Pdf)
    image = pikepdf.Stream(pdf, path.read_bytes())
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height, image.BitsPerComponent = width, height, 8
    image.ColorSpace, image.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
    page = pdf.add_blank_page(page_size=(width, height))
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(image)))
    page.Contents = pikepdf.Stream(pdf, f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode())


def _warm_copy() -> None:
    with TemporaryDirectory() as folder:
        _copy(_a_word(Path(folder)), Path(folder) / "warm.pdf")


def _a_word(folder: Path) -> Material:
    return a_material([], 1, folder)


CONTENDERS = {
    one.name: one
    for one in (
        Contender("ours", "Laudo's engine", _warm_ours, _ours),
        Contender("again", "noise: Laudo's engine again", _warm_ours, _ours),
        Contender("earlier", "Laudo's engine before"),
        Contender("naive", "naive WeasyPrint, originals", is_slow=True),
        Contender("reportlab", "ReportLab, prints", _warm_reportlab, _reportlab),
        Contender("typst", "Typst, prints", _warm_typst, _typst),
        Contender(
            "chromium",
            "Chromium, the same HTML, prints",
            lambda: None,
            _chromium,
            most_photos=300,
            is_here=lambda: Path(CHROMIUM).exists(),
        ),
        Contender("copy", "copy limit, prints", _warm_copy, _copy, prints_answers=False),
    )
}

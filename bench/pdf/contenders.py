"""The four hands, each as `warm()` and `render(material, output)`; nothing here takes the time.

A contender imports what it needs when it is asked for, so that no child carries the libraries of
another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pdf.report import Material, a_material


@dataclass(frozen=True, slots=True)
class Contender:
    """`prints_answers` is false for the copy limit, which has photos alone."""

    name: str
    words: str
    warm: Callable[[], None]
    render: Callable[[Material, Path], None]
    prints_answers: bool = True


def _warm_ours() -> None:
    from app.pdf.engine import warm_up

    warm_up()


def _ours(material: Material, output: Path) -> None:
    """As the worker calls it: the check that each photo's very bytes are drawn is part of it."""
    from app.pdf.engine import render_pdf

    render_pdf(material.context, material.prints, output)


def _naive(material: Material, output: Path) -> None:
    """The same HTML and CSS, WeasyPrint as its manual shows it, the phone's own files.

    These lie on their side unless their orientation is read, which our prints spare the engine.
    """
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from app.pdf.fetcher import ReportFetcher
    from app.pdf.fonts import font_face_css, font_files
    from app.pdf.markup import STYLESHEETS, render_html, stylesheet, theme_css

    fetcher = ReportFetcher(font_files(), material.originals, None)
    fonts = FontConfiguration()
    texts = (
        font_face_css(),
        theme_css(material.context),
        *(stylesheet(name) for name in STYLESHEETS),
        "img { image-orientation: from-image }",
    )
    HTML(string=render_html(material.context), url_fetcher=fetcher).write_pdf(
        output,
        stylesheets=[CSS(string=text, url_fetcher=fetcher, font_config=fonts) for text in texts],
        font_config=fonts,
    )


def _reportlab(material: Material, output: Path) -> None:
    from bench.pdf.by_reportlab import render

    render(material, output)


def _warm_reportlab() -> None:
    with TemporaryDirectory() as folder:
        _reportlab(_a_word(), Path(folder) / "warm.pdf")


def _copy(material: Material, output: Path) -> None:
    """The least that any program must do: read the bytes of the prints and write them."""
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
        _copy(_a_word(), Path(folder) / "warm.pdf")


def _a_word() -> Material:
    return a_material([], rows=1)


CONTENDERS = {
    one.name: one
    for one in (
        Contender("ours", "Laudo's engine", _warm_ours, _ours),
        Contender("again", "noise: Laudo's engine again", _warm_ours, _ours),
        Contender("naive", "naive WeasyPrint, originals", _warm_ours, _naive),
        Contender("reportlab", "ReportLab, prints", _warm_reportlab, _reportlab),
        Contender("copy", "copy limit, prints", _warm_copy, _copy, prints_answers=False),
    )
}

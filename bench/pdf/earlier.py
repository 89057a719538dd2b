"""The engine and the template of the earlier commit (bench/baseline.py), in a process of their own.

A script, started by its path with the checkout on PYTHONPATH: `app` is the earlier one, and the
folder of this script is on the path for `clock`. MATERIAL is a pickle of plain dictionaries,
because the classes of the two commits differ. `naive` is WeasyPrint as its manual uses it, with the
earlier template, which is frozen with its commit, and the phone's original files.
"""

from __future__ import annotations

import json
import pickle
import sys
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from clock import timed
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from app.pdf import context as data
from app.pdf.engine import render_pdf, warm_up
from app.pdf.fetcher import ReportFetcher
from app.pdf.fonts import font_face_css, font_files
from app.pdf.markup import STYLESHEETS, render_html, stylesheet, theme_css


def main(name: str, material: Path, output: Path) -> None:
    given = pickle.loads(material.read_bytes())
    context = _as_earlier(data.ReportContext, given["context"])
    warm_up()
    if name == "earlier":
        found = timed(lambda: render_pdf(context, given["prints"], output))
    else:
        found = timed(lambda: _naive(context, given["originals"], output))
    print(json.dumps(found))


def _naive(context: data.ReportContext, originals: Mapping[str, Path], output: Path) -> None:
    fetcher = ReportFetcher(font_files(), originals, None)
    fonts = FontConfiguration()
    texts = (
        font_face_css(),
        theme_css(context),
        *(stylesheet(name) for name in STYLESHEETS),
        "img { image-orientation: from-image }",
    )
    HTML(string=render_html(context), url_fetcher=fetcher).write_pdf(
        output,
        stylesheets=[CSS(string=text, url_fetcher=fetcher, font_config=fonts) for text in texts],
        font_config=fonts,
    )


def _as_earlier(kind: Any, value: Any) -> Any:
    """`value` as an instance of the earlier class, without what it had no field for."""
    if value is None:
        return None
    if get_origin(kind) is types.UnionType:
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        (item, *_rest) = get_args(kind)
        return tuple(_as_earlier(item, one) for one in value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if not is_dataclass(kind):
        return value
    known = {**value, **_renamed(kind.__name__, value)}
    hints = get_type_hints(kind)
    return kind(
        **{
            f.name: _as_earlier(hints[f.name], known[f.name])
            for f in fields(kind)
            if f.name in known
        }
    )


def _renamed(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the earlier class that have another name now."""
    if name == "Photo":
        return {"ordinal": value["count"], "place": value["nearest"]}
    if name == "Question":
        return {"type": "note" if value["is_note"] else "verdict"}
    return {}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

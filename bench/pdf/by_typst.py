"""The report made with Typst: the same text, pictures, contents with page numbers, and outline."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from app.fonts import FONT_FOLDER
from app.pdf.context import Question
from bench.pdf.report import Material

PAGE = """
#let d = json("data.json")
#set text(font: "Inter", size: 8.5pt, lang: "en")
#set page(
  paper: "a4", margin: 18mm, numbering: "1 / 1",
  header: [#d.company · #d.number #h(1fr) #d.title],
)
#let small(body) = text(size: 6.5pt, body)
#v(60mm)
#image(d.logo, height: 12mm)
#text(size: 24pt, weight: "semibold", d.title)

#d.number · #d.project · #d.client
#pagebreak()
#outline(depth: 1)
#pagebreak()
#for one in d.exceptions [#link(label(one.field))[#one.number] #one.words \\ ]
#for part in d.sections [
  = #part.number #part.title
  #for q in part.questions [
    #grid(columns: (14mm, 110mm, 50mm),
      [#text(q.number) #label(q.field)],
      [#q.label \\ #small(q.second) \\ #small(q.comment)], [#q.answer])
    #if q.rows.len() > 0 { table(columns: 3, ..q.rows.flatten()) }
    #if q.photos.len() > 0 {
      grid(columns: (87mm, 87mm), gutter: 3mm, ..q.photos.map(p => [
        #image(p.file, width: 62mm, alt: p.spoken) #small([#p.number #p.caption \\ #p.hash])]))
    }
    #line(length: 100%, stroke: .3pt)
  ]
]
#for s in d.signatures [#s.role: #s.signer #image(s.file, height: 15mm)]
"""


def render(material: Material, output: Path) -> None:
    """Write the report to `output`."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "data.json").write_text(json.dumps(_data(material)), encoding="utf-8")
        page = Path(folder) / "report.typ"
        page.write_text(PAGE, encoding="utf-8")
        typst.compile(
            str(page),
            output=str(output),
            root="/",
            font_paths=[str(FONT_FOLDER)],
            ignore_system_fonts=True,
        )


def _data(material: Material) -> dict[str, Any]:
    context = material.context
    return {
        "company": context.branding.name,
        "logo": str(material.prints[context.branding.logo_key or ""].resolve()),
        "number": context.full_number,
        "title": context.report.title,
        "project": context.project.name,
        "client": context.project.client,
        "exceptions": [
            {"field": one.field_id, "number": one.number, "words": one.label.first}
            for one in context.exceptions
        ],
        "sections": [
            {
                "number": one.number,
                "title": f"{one.title.first} · {one.title.second}",
                "questions": [_question(question, material) for question in one.questions],
            }
            for one in context.sections
        ],
        "signatures": [
            {
                "role": one.role.first,
                "signer": one.signer,
                "file": str(material.prints[one.image_key or ""].resolve()),
            }
            for one in context.signatures
        ],
    }


def _question(question: Question, material: Material) -> dict[str, Any]:
    measured = question.measurement
    rows = question.table.rows if question.table else ()
    return {
        "field": question.field_id,
        "number": question.number,
        "label": question.label.first,
        "second": question.label.second or "",
        "comment": question.comment,
        "answer": f"{measured.text} MΩ" if measured else question.verdict or "",
        "rows": [
            [row.label.first, *(cell.text if cell else "" for cell in row.cells)] for row in rows
        ],
        "photos": [
            {
                "file": str(material.prints[photo.key].resolve()),
                "number": photo.number,
                "caption": photo.caption,
                "spoken": f"{photo.time_text} {photo.coordinates} {photo.nearest}",
                "hash": photo.sha256,
            }
            for photo in question.photos
        ],
    }

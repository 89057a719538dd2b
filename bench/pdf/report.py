"""The report that all contenders print: bilingual, every row with an answer, photos spread evenly.

Each row's label and comment carry a word of their own, so that a finished file can be asked
whether it really holds all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.definition.outcome import Outcome
from app.pdf import context as data
from app.pdf.context import Limits, Mark, Measurement, Photo, Question, Words

MOMENT = datetime(2026, 3, 14, 12, 41, 7, tzinfo=UTC)
ROWS_PER_SECTION = 10
STANDARDS = ("IEC 61439-1", "IEC 61439-2", "NBR 5410")


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo: the original as the phone sent it, and the print that the upload made of it.

    Width and height are the print's pixels.
    """

    original: Path
    print: Path
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Material:
    """What every contender gets. `prints` and `originals` map the key of a photo to its file."""

    context: data.ReportContext
    prints: dict[str, Path]
    originals: dict[str, Path]

    def photos(self) -> tuple[Photo, ...]:
        return self.context.photos()


def marker(row: int) -> str:
    """The word that only the label of this row carries."""
    return f"LABEL{row:04}"


def answer_marker(row: int) -> str:
    """The word that only the comment of this row carries."""
    return f"WORDS{row:04}"


def a_material(shots: list[Shot], rows: int) -> Material:
    """A report of `rows` questions with the photos dealt out among them in print order."""
    photos = [_photo(shot, ordinal) for ordinal, shot in enumerate(shots, start=1)]
    # Whole hands of photos where there are fewer than rows, several each where there are more.
    held: list[list[Photo]] = [[] for _ in range(rows)]
    for turn, photo in enumerate(photos):
        held[turn * rows // len(photos)].append(photo)
    questions = [_question(row, tuple(held[row])) for row in range(rows)]
    sections = tuple(
        data.Section(
            f"s{start}", str(start // ROWS_PER_SECTION + 1),
            Words(f"Section of rows {start + 1} on", f"Seção das linhas {start + 1} em diante"),
            tuple(questions[start : start + ROWS_PER_SECTION]),
        )
        for start in range(0, rows, ROWS_PER_SECTION)
    )  # fmt: skip
    keys = [photo.key for photo in photos]
    return Material(
        context=_context(sections, rows, len(photos)),
        prints={key: shot.print for key, shot in zip(keys, shots, strict=True)},
        originals={key: shot.original for key, shot in zip(keys, shots, strict=True)},
    )


def _photo(shot: Shot, ordinal: int) -> Photo:
    return Photo(
        key=f"t/bench/print/{shot.sha256}",
        ordinal=ordinal,
        width=shot.width,
        height=shot.height,
        sha256=shot.sha256,
        caption=f"Terminal box {ordinal} with its covers off",
        time_text=f"2026-03-14 09:{ordinal % 60:02}:00 UTC−03:00",
        time_source=data.TimeSource.CAMERA,
        coordinates="−23.626600, −46.701234",
        accuracy="±12 m",
        place_source=data.PlaceSource.CAMERA,
        nearest="2.9 km from Barueri, SP, BR (GeoNames)",
        from_site="140 m from the site",
    )


def _question(row: int, photos: tuple[Photo, ...]) -> Question:
    place = f"{row // ROWS_PER_SECTION + 1}.{row % ROWS_PER_SECTION + 1}"
    is_measured = row % 5 == 4
    return Question(
        field_id=f"f{row}",
        number=place,
        label=Words(
            f"{marker(row)} Joint torqued, marked and free of discolouration",
            "Junção torqueada, marcada e sem descoloração",
        ),
        type="number" if is_measured else "verdict",
        verdict=None if is_measured else "ok",
        measurement=Measurement("1240", Mark.IN) if is_measured else None,
        limits=Limits("MΩ", "100", None) if is_measured else None,
        comment=f"{answer_marker(row)} checked with the wrench of the site, sticker renewed.",
        photos=photos,
    )


def _context(sections: tuple[data.Section, ...], rows: int, photos: int) -> data.ReportContext:
    return data.ReportContext(
        branding=data.Branding("Voltara Comissionamento", contact=("+55 11 4002 8922",)),
        project=data.Project("Data Center Tamboré SP4", "Nuvem Sul S.A.", "Al. Araguaia 3571"),
        equipment=data.Equipment("QGBT-2A", "Low-voltage switchboard, 4000 A"),
        report=data.Report(
            "BENCH-0001", 0, "QGBT-2A energization, hall 2", "completed", False,
            created_at=MOMENT - timedelta(hours=6), completed_at=MOMENT,
            people=(data.Person(data.PersonRole.COMPLETED, "André Conceição"),),
        ),
        checklist=data.Checklist(
            "COM-001", 3, Words("Equipment Energized Report", "Relatório de Equipamento"),
            "Commissioning", STANDARDS,
        ),
        languages=("en", "pt"),
        time_zone="America/Sao_Paulo",
        result=data.Result(Outcome.PASSED, questions=rows, ok=rows),
        sections=sections,
        rendered_at=MOMENT,
        photo_totals=data.PhotoTotals(good=photos),
        signatures=(data.Signature(Words("Technician", "Técnico"), "André Conceição", MOMENT),),
        generator="Laudo bench",
    )  # fmt: skip

"""The report that all contenders print. It is like life: bilingual, with none to nine photos at a
question, measurements, tables, failures, comments of one word or ten lines, a logo, signatures, and
texts that do not repeat.

Each row's label and comment contain a unique word, so that a finished file can be searched for
all of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from app.definition.outcome import Outcome
from app.pdf import context as data
from app.pdf.context import Limits, Mark, Measurement, Photo, PrintedText, Question

MOMENT = datetime(2026, 3, 14, 12, 41, 7, tzinfo=UTC)
ROWS_PER_SECTION = 10
MOST_PHOTOS = 9
STANDARDS = ("IEC 61439-1", "IEC 61439-2", "NBR 5410")
ENGLISH = """
    joint torqued marked cover door panel busbar cable gland tray earth bolt washer label plate
    relay breaker fuse meter sensor fan filter lamp switch key lock seal support bracket screw
    terminal strip conduit duct floor wall ceiling corridor hall rack feeder phase neutral shield
    insulation clearance distance torque value reading limit before after tightened replaced
    cleaned dried checked repeated witnessed loose missing damaged corroded warm dry tight open"""
PORTUGUESE = """
    junta torqueada marcada tampa porta painel barramento cabo prensa bandeja terra parafuso
    arruela etiqueta placa disjuntor medidor sensor filtro lâmpada chave suporte borne duto piso
    parede teto corredor sala rack fase neutro isolação distância torque valor leitura limite"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo: the original as the phone sent it, and the print made from it on upload.

    Width and height are those of the print, in pixels.
    """

    original: Path
    print: Path
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Material:
    """The input of every contender. `prints` and `originals` map the key of a photo, a logo or a
    signature to its file."""

    context: data.ReportContext
    prints: dict[str, Path]
    originals: dict[str, Path]

    def photos(self) -> tuple[Photo, ...]:
        return self.context.photos()

    def plain(self) -> dict[str, Any]:
        """As dictionaries, for the earlier commit, which has other classes. Both print with their
        own default settings."""
        context = asdict(self.context)
        del context["settings"]
        groups = [context["info"], *(section["questions"] for section in context["sections"])]
        photos = (photo for group in groups for question in group for photo in question["photos"])
        for count, photo in enumerate(photos, start=1):
            photo["count"] = count
        return {"context": context, "prints": self.prints, "originals": self.originals}


def marker(row: int) -> str:
    """The word that only the label of this row contains."""
    return f"LABEL{row:04}"


def answer_marker(row: int) -> str:
    """The word that only the comment of this row contains."""
    return f"WORDS{row:04}"


def a_material(shots: list[Shot], rows: int, folder: Path) -> Material:
    """A report of `rows` questions with the photos in print order; `folder` takes its logo."""
    chance = random.Random(rows)
    held = _spread(shots, rows, chance)
    questions = [_question(row, held[row], chance) for row in range(rows)]
    sections = tuple(
        data.Section(
            f"s{start}",
            str(start // ROWS_PER_SECTION + 1),
            PrintedText(
                _some(ENGLISH, 4, chance).capitalize(), _some(PORTUGUESE, 4, chance).capitalize()
            ),
            tuple(questions[start : start + ROWS_PER_SECTION]),
        )
        for start in range(0, rows, ROWS_PER_SECTION)
    )
    own = {"t/bench/logo": _logo(folder), "t/bench/sign": _stroke(folder, chance)}
    keys = [_key(shot) for shot in shots]
    return Material(
        context=_context(sections, questions, len(shots)),
        prints={**own, **{key: shot.print for key, shot in zip(keys, shots, strict=True)}},
        originals={**own, **{key: shot.original for key, shot in zip(keys, shots, strict=True)}},
    )


def _spread(shots: list[Shot], rows: int, chance: random.Random) -> list[list[Shot]]:
    """The photos of each question: none to nine, more only if the questions are too few."""
    most = max(MOST_PHOTOS, -(-len(shots) // rows))
    counts = [0] * rows
    for _ in shots:
        # One more where there are some already: photos come in bunches.
        free = [row for row in chance.sample(range(rows), min(rows, 4)) if counts[row] < most]
        free = free or [row for row in range(rows) if counts[row] < most]
        counts[max(free, key=lambda row: counts[row] + chance.random() * 4)] += 1
    taken = iter(shots)
    return [[next(taken) for _ in range(count)] for count in counts]


def _some(words: str, count: int, chance: random.Random) -> str:
    return " ".join(chance.choices(words.split(), k=count))


def _key(shot: Shot) -> str:
    return f"t/bench/print/{shot.sha256}"


def _photo(shot: Shot, number: str, chance: random.Random) -> Photo:
    minute, second = chance.randrange(60), chance.randrange(60)
    return Photo(
        key=_key(shot),
        number=number,
        width=shot.width,
        height=shot.height,
        sha256=shot.sha256,
        caption=_some(ENGLISH, chance.randrange(8), chance).capitalize(),
        time_text=f"2026-03-14 09:{minute:02}:{second:02} UTC−03:00",
        time_source=data.TimeSource.CAMERA,
        coordinates=f"−23.{chance.randrange(10**6):06}, −46.{chance.randrange(10**6):06}",
        accuracy=f"±{chance.randrange(3, 40)} m",
        place_source=data.PlaceSource.CAMERA,
        nearest="2.9 km from Barueri, SP, BR (GeoNames)",
        from_site=f"{chance.randrange(20, 400)} m from the site",
        is_told=True,
    )


def _question(row: int, shots: list[Shot], chance: random.Random) -> Question:
    number = f"{row // ROWS_PER_SECTION + 1}.{row % ROWS_PER_SECTION + 1}"
    kind = row % 10
    length = chance.choice((1, 4, 9, 9, 16, 16, 30, 90))
    return Question(
        field_id=f"f{row}",
        number=number,
        label=PrintedText(
            f"{marker(row)} {_some(ENGLISH, chance.randrange(3, 14), chance)}",
            _some(PORTUGUESE, chance.randrange(3, 14), chance).capitalize(),
        ),
        verdict=None if kind in (4, 8) else "not_ok" if kind == 6 else "ok",
        measurement=Measurement(str(chance.randrange(100, 2000)), Mark.IN) if kind == 4 else None,
        table=_table(chance) if kind == 8 else None,
        limits=Limits("MΩ", "100", None) if kind in (4, 8) else None,
        comment=f"{answer_marker(row)} {_some(ENGLISH, length, chance)}.",
        photos=tuple(
            _photo(shot, f"{number}-{place}", chance) for place, shot in enumerate(shots, start=1)
        ),
    )


def _table(chance: random.Random) -> data.MeasurementTable:
    def cell() -> Measurement:
        value = chance.randrange(60, 2000)
        return Measurement(str(value), Mark.IN if value >= 100 else Mark.OUT)

    rows = tuple(
        data.TableRow(PrintedText(f"L{row}-PE"), (cell(), cell()))
        for row in range(1, chance.randrange(4, 9))
    )
    return data.MeasurementTable(
        (PrintedText("Before", "Antes"), PrintedText("After", "Depois")), rows
    )


def _logo(folder: Path) -> Path:
    path = folder / "logo.png"
    image = Image.new("RGBA", (360, 100), (0, 0, 0, 0))
    ImageDraw.Draw(image).rounded_rectangle((2, 15, 270, 85), radius=14, fill=(13, 110, 140, 255))
    image.save(path)
    return path


def _stroke(folder: Path, chance: random.Random) -> Path:
    path = folder / "sign.png"
    image = Image.new("RGBA", (320, 110), (0, 0, 0, 0))
    points = [(15 + step * 7, chance.randrange(20, 90)) for step in range(40)]
    ImageDraw.Draw(image).line(points, fill=(24, 32, 60, 255), width=3)
    image.save(path)
    return path


def _failures(questions: list[Question]) -> Iterator[data.ReportException]:
    for one in questions:
        if one.verdict == "not_ok":
            kind = data.ExceptionKind.NOT_OK
            yield data.ReportException(kind, one.field_id, one.number, one.label, one.comment)


def _context(
    sections: tuple[data.Section, ...], questions: list[Question], photos: int
) -> data.ReportContext:
    failures = tuple(_failures(questions))
    return data.ReportContext(
        branding=data.Branding(
            "Voltara Comissionamento", "t/bench/logo", contact=("+55 11 4002 8922",)
        ),
        project=data.Project("Data Center Tamboré SP4", "Nuvem Sul S.A.", "Al. Araguaia 3571"),
        equipment=data.Equipment("QGBT-2A", "Low-voltage switchboard, 4000 A"),
        report=data.Report(
            "BENCH-0001",
            0,
            "QGBT-2A energization, hall 2",
            "completed",
            False,
            created_at=MOMENT - timedelta(hours=6),
            completed_at=MOMENT,
            people=(data.ReportPerson(data.PersonRole.COMPLETED, "André Conceição"),),
        ),
        checklist=data.Checklist(
            "COM-001",
            3,
            PrintedText("Equipment Energized Report", "Relatório de Equipamento"),
            "Commissioning",
            STANDARDS,
        ),
        languages=("en", "pt"),
        time_zone="America/Sao_Paulo",
        result=data.Result(
            Outcome.FAILED, len(questions), ok=len(questions) - len(failures), not_ok=len(failures)
        ),
        sections=sections,
        rendered_at=MOMENT,
        photo_totals=data.PhotoTotals(good=photos),
        signatures=(
            data.Signature(
                PrintedText("Technician", "Técnico"), "André Conceição", MOMENT, "t/bench/sign"
            ),
        ),
        exceptions=failures,
        generator="Laudo bench",
    )

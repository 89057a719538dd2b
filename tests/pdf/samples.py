"""Made-up reports for the PDF tests: contexts, drawn photos, logos and signatures.

`big_report` is a bilingual switchboard energization, `small_report` has five questions in one
language, `failed_report` many exceptions. Each returns a Sample with its files in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw

from app.pdf import context as data
from app.pdf.context import (
    Conflict,
    ExceptionKind,
    Limits,
    Mark,
    Measurement,
    MeasurementTable,
    Outcome,
    PersonRole,
    Photo,
    PlaceSource,
    PrintedText,
    Question,
    TableRow,
    TimeSource,
)
from app.pdf.handling import ImportedWork
from tests.pdf.switchboard import INFO, SECTIONS, Ask

CHECK_URL = "https://laudo.voltara.example/v/0123456789abcdef0123456789abcdef"
MOMENT = datetime(2026, 3, 14, 12, 41, 7, tzinfo=UTC)
LANDSCAPE, PORTRAIT, SQUARE, TINY, WIDE = (
    (1280, 1060),
    (960, 1380),
    (1000, 1100),
    (150, 130),
    (1280, 620),
)


@dataclass(frozen=True)
class Sample:
    context: data.ReportContext
    files: dict[str, Path]


def picture(folder: Path, name: str, size: tuple[int, int], seed: int) -> Path:
    """A JPEG without EXIF that resembles a panel, with a strip like a derivative."""
    width, height = size
    strip = height // 8
    image = Image.new("RGB", size, (186 - seed * 5 % 70, 190 - seed * 3 % 50, 196 - seed % 40))
    draw = ImageDraw.Draw(image)
    for column in range(4):
        left = width * (column * 2 + 1) // 10
        box = (left, height // 6, left + width // 7, height * 5 // 8)
        draw.rectangle(box, fill=(90 + seed * 7 % 60, 96 + column * 12, 108), outline=(40, 44, 50))
        draw.ellipse(
            (left + 4, height // 5, left + 4 + width // 30, height // 5 + width // 30),
            fill=(30, 160, 90) if (seed + column) % 3 else (200, 50, 40),
        )
    draw.rectangle((0, height - strip, width, height), fill=(246, 247, 248))
    draw.text(
        (width // 40, height - strip * 3 // 4),
        f"LD-0042 photo {seed}",
        fill=(30, 30, 34),
        font_size=max(8, strip // 3),
    )
    path = folder / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", quality=82)
    return path


def logo(folder: Path, name: str, colour: tuple[int, int, int], text: str) -> Path:
    image = Image.new("RGBA", (720, 200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((4, 30, 144, 170), radius=28, fill=(*colour, 255))
    draw.polygon([(84, 50), (44, 112), (72, 112), (62, 152), (104, 88), (76, 88)], fill="white")
    draw.text((176, 58), text, fill=(*colour, 255), font_size=78)
    path = folder / f"{name}.png"
    image.save(path)
    return path


def signature(folder: Path, name: str, seed: int) -> Path:
    image = Image.new("RGBA", (640, 220), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    points = [(30 + i * 14, 110 + (((i * 37 + seed * 53) % 90) - 45)) for i in range(38)]
    draw.line(points, fill=(24, 32, 60, 255), width=6, joint="curve")
    path = folder / f"{name}.png"
    image.save(path)
    return path


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Album:
    """Makes the photos of one report, numbered through it; `files` is what render_pdf needs."""

    def __init__(self, folder: Path, sizes: tuple[tuple[int, int], ...]) -> None:
        self.folder, self.sizes = folder, sizes
        self.files: dict[str, Path] = {}
        self.count = 0

    def take(self, caption: str = "", *, conflict: Conflict | None = None) -> Photo:
        self.count += 1
        size = self.sizes[(self.count - 1) % len(self.sizes)]
        key = f"t/sample/print/{sha(str(self.count))}"
        self.files[key] = picture(self.folder, f"photo-{self.count}", size, self.count)
        taken = MOMENT - timedelta(hours=3, minutes=47 - self.count)
        return Photo(
            key=key,
            number=f"{self.count}",
            width=size[0],
            height=size[1],
            sha256=sha(f"original {self.count}"),
            caption=caption,
            time_text=f"{taken:%Y-%m-%d %H:%M:%S} UTC−03:00",
            time_source=TimeSource.PHONE if self.count % 5 == 0 else TimeSource.CAMERA,
            coordinates="" if self.count % 7 == 0 else f"−23.6266{self.count:02d}, −46.701234",
            accuracy="±12 m",
            place_source=PlaceSource.CAMERA if self.count % 2 else PlaceSource.BROWSER,
            nearest="7.4 km from São Paulo, SP, BR (GeoNames)" if self.count % 3 else "",
            from_site="9,545 km from the site" if self.count % 4 == 0 else "",
            is_far=self.count % 4 == 0,
            conflicts=(conflict,) if conflict else (),
        )


def _answered(ask: Ask, number: str, album: Album, language: int) -> Question:
    label = PrintedText(ask.en, ask.pt) if language == 2 else PrintedText(ask.en)
    hint = None
    if ask.hint:
        hint = PrintedText(*ask.hint) if language == 2 else PrintedText(ask.hint[0])
    limits = Limits(ask.unit, ask.minimum, ask.maximum) if ask.unit else None
    table = None
    if ask.rows:
        rows = tuple(
            TableRow(
                PrintedText(name), (Measurement(value, Mark.OUT if value in ask.out else Mark.IN),)
            )
            for name, value in ask.rows
        )
        table = MeasurementTable(
            (PrintedText("Measured", "Medido" if language == 2 else None),), rows
        )
    number_mark = Mark.OUT if ask.out else Mark.IN
    return Question(
        field_id=ask.id or f"q_{number.replace('.', '_')}",
        number=number,
        label=label,
        is_note=ask.type == "note",
        is_chosen=ask.type in ("select_one", "select_many"),
        hint=hint,
        verdict=ask.verdict,
        texts=tuple(
            PrintedText(*pair) if language == 2 else PrintedText(pair[0]) for pair in ask.texts
        ),
        measurement=Measurement(ask.value, number_mark) if ask.value else None,
        table=table,
        limits=limits,
        na_reason=ask.na_reason,
        comment=ask.comment,
        photos=tuple(album.take(caption) for caption in ask.photos),
    )


def _sections(album: Album, language: int) -> Iterator[data.Section]:
    for place, (en, pt, asks) in enumerate(SECTIONS, start=1):
        questions, count = [], 0
        for ask in asks:
            if ask.type != "note":
                count += 1
            questions.append(_answered(ask, f"{place}.{count}", album, language))
        title = PrintedText(en, pt) if language == 2 else PrintedText(en)
        yield data.Section(f"s{place}", str(place), title, tuple(questions))


def exceptions_of(questions: tuple[Question, ...]) -> tuple[data.ReportException, ...]:
    found = []
    for question in questions:
        if question.verdict == "not_ok":
            kind, detail = ExceptionKind.NOT_OK, question.comment
        elif question.measurement and question.measurement.mark is Mark.OUT:
            kind, detail = ExceptionKind.OUT_OF_LIMITS, f"{question.measurement.text} measured"
        else:
            continue
        found.append(
            data.ReportException(kind, question.field_id, question.number, question.label, detail)
        )
    return tuple(found)


def big_report(folder: Path, *, languages: tuple[str, ...] = ("en", "pt")) -> Sample:
    """42 questions and 26 photos in three sections; passed with remarks."""
    album = Album(folder, (LANDSCAPE, LANDSCAPE, PORTRAIT, LANDSCAPE, SQUARE))
    language = len(languages)
    info = tuple(_answered(ask, f"0.{n}", album, language) for n, ask in enumerate(INFO, 1))
    sections = tuple(_sections(album, language))
    questions = tuple(q for section in sections for q in section.questions)
    exceptions = exceptions_of(questions)
    counted = [q for q in questions if not q.is_note]
    context = data.ReportContext(
        branding=data.Branding(
            name="Voltara Comissionamento",
            logo_key="t/sample/logo/own",
            second_logo_key="t/sample/logo/client",
            accent="#0d6e8c",
            second="#33475b",
            contact=("+55 11 4002 8922", "contato@voltara.example", "Av. Paulista 1578, São Paulo"),
        ),
        project=data.Project(
            "Data Center Tamboré SP4",
            "Nuvem Sul S.A.",
            "Al. Araguaia 3571, Barueri, SP",
            "−23.504210, −46.833540",
        ),
        equipment=data.Equipment("QGBT-2A", "Low-voltage switchboard, 4000 A"),
        report=data.Report(
            number="LD-0042",
            revision=1,
            title="QGBT-2A energization, hall 2",
            status="completed",
            is_preview=False,
            created_at=MOMENT - timedelta(hours=6),
            started_at=MOMENT - timedelta(hours=5),
            submitted_at=MOMENT - timedelta(minutes=2),
            completed_at=MOMENT,
            people=(
                data.ReportPerson(PersonRole.STARTED, "Joana Magalhães"),
                data.ReportPerson(PersonRole.COMPLETED, "André Conceição"),
            ),
            correction=data.Correction("LD-0042-R0", "Phase sequence was photographed again."),
        ),
        checklist=data.Checklist(
            "COM-001",
            3,
            PrintedText(
                "Equipment Energized Report",
                "Relatório de Equipamento Energizado" if language == 2 else None,
            ),
            "Commissioning",
            ("IEC 61439-1", "IEC 61439-2", "NBR 5410", "NETA ATS"),
            ("Level 3 complete", "Approved method statement", "Permit to work"),
        ),
        languages=languages,
        check_url=CHECK_URL,
        time_zone="America/Sao_Paulo",
        result=data.Result(
            Outcome.PASSED_WITH_REMARKS,
            questions=len(counted),
            ok=sum(q.verdict == "ok" for q in counted),
            not_ok=sum(q.verdict == "not_ok" for q in counted),
            not_applicable=sum(q.verdict == "na" for q in counted),
            out_of_limits=sum(e.kind is ExceptionKind.OUT_OF_LIMITS for e in exceptions),
        ),
        sections=sections,
        info=info,
        rendered_at=MOMENT + timedelta(minutes=1),
        photo_totals=data.PhotoTotals(
            good=album.count,
            quarantined=(
                data.QuarantinedPhoto(
                    "2.13",
                    PrintedText("Thermal image after 30 minutes under load"),
                    sha("cut"),
                    "The picture ends early: 184 kB of pixels are missing.",
                    "Breaker was racked out before a second picture could be taken.",
                ),
            ),
        ),
        signatures=(
            data.Signature(
                PrintedText("Technician", "Técnico executor" if language == 2 else None),
                "Joana Magalhães",
                MOMENT,
                "t/sample/sign/1",
                sha("signed"),
            ),
            data.Signature(
                PrintedText(
                    "Responsible engineer", "Responsável técnico" if language == 2 else None
                ),
                "André Conceição",
                MOMENT,
                "t/sample/sign/2",
                sha("signed"),
            ),
            data.Signature(
                PrintedText("Client witness", "Testemunha do cliente" if language == 2 else None)
            ),
        ),
        exceptions=exceptions,
        not_applicable=tuple(
            data.NotApplicable(q.field_id, q.number, q.label, q.na_reason)
            for q in questions
            if q.verdict == "na"
        ),
        audit_head=sha("audit"),
        snapshot_sha256=sha("snapshot"),
        generator="Laudo 0.1.0",
        imported=(
            ImportedWork("Joana Magalhães", "Beatriz Assunção", 14, MOMENT),
            ImportedWork("André Conceição", "Otávio Guimarães", 1, MOMENT),
        ),
    )
    album.files["t/sample/logo/own"] = logo(folder, "own", (13, 110, 140), "voltara")
    album.files["t/sample/logo/client"] = logo(folder, "client", (70, 60, 120), "nuvem sul")
    for place in (1, 2):
        album.files[f"t/sample/sign/{place}"] = signature(folder, f"sign-{place}", place)
    return Sample(context, album.files)


def bare_context(**changes: object) -> data.ReportContext:
    """One verdict question, one language, no files; `changes` replaces fields of the context."""
    question = Question("first", "1.1", PrintedText("Is the door closed?"), verdict="ok")
    context = data.ReportContext(
        branding=data.Branding(name="Voltara", accent="#7a4fbf"),
        project=data.Project("Site one", "Nuvem Sul"),
        report=data.Report(
            "LD-0007", 0, "Door check", "completed", False, MOMENT, completed_at=MOMENT
        ),
        checklist=data.Checklist("DOOR-1", 1, PrintedText("Door Check")),
        languages=("en",),
        time_zone="UTC",
        result=data.Result(Outcome.PASSED, 1, ok=1),
        sections=(data.Section("doors", "1", PrintedText("Doors"), (question,)),),
        rendered_at=MOMENT,
        photo_totals=data.PhotoTotals(good=0),
    )
    return replace(context, **changes)  # type: ignore[arg-type]


def small_report() -> Sample:
    """Five questions in Portuguese, no photos, no logos, one signature role unsigned."""
    asks = (
        Question("a", "1.1", PrintedText("Porta fechada e travada"), verdict="ok"),
        Question(
            "b",
            "1.2",
            PrintedText("Resistência de aterramento"),
            measurement=Measurement("0,08", Mark.IN),
            limits=Limits("Ω", None, "0.1"),
        ),
        Question("c", "1.3", PrintedText("Número de série"), texts=(PrintedText("SN-88213-B"),)),
        Question("d", "1.4", PrintedText("Data do ensaio"), texts=(PrintedText("14/03/2026"),)),
        Question(
            "e",
            "1.5",
            PrintedText("Observações"),
            texts=(
                PrintedText(
                    "Sala limpa e iluminada. Temperatura de 24 °C durante todo o ensaio, sem alarmes no "
                    "supervisório; a chave reserva ficou com o cliente."
                ),
            ),
        ),
    )
    context = bare_context(
        languages=("pt",),
        time_zone="America/Sao_Paulo",
        sections=(data.Section("s", "1", PrintedText("Verificações"), asks),),
        checklist=data.Checklist("SAL-01", 1, PrintedText("Inspeção de Sala")),
        result=data.Result(Outcome.PASSED, 5, ok=1),
        signatures=(data.Signature(PrintedText("Técnico")),),
    )
    return Sample(context, {})


def failed_report(folder: Path) -> Sample:
    """Fourteen Not OK with comments, conflicts and quarantine; portrait, wide and tiny photos."""
    album = Album(folder, (PORTRAIT, LANDSCAPE, TINY, WIDE, PORTRAIT, PORTRAIT, TINY))
    conflict = Conflict(
        ExceptionKind.CLOCKS_DISAGREE, "camera 2026-03-11 08:02, received 2026-03-14 12:40 UTC"
    )
    questions = tuple(
        Question(
            f"f{n}",
            f"1.{n}",
            PrintedText(f"Cable tray {n} is fixed, earthed and labelled"),
            verdict="not_ok" if n % 3 else "ok",
            comment="Two supports loose between axes C and D; earth strap missing. " * (n % 4),
            photos=tuple(
                album.take("Loose support" if k else "", conflict=conflict if n == 2 else None)
                for k in range(n % 5)
            ),
        )
        for n in range(1, 22)
    )
    grid = MeasurementTable(
        tuple(PrintedText(f"Rack {n}") for n in range(1, 13)),
        tuple(
            TableRow(
                PrintedText(f"Phase L{p}"),
                tuple(
                    Measurement(f"{228 + p + c}", Mark.OUT if p + c > 13 else Mark.IN)
                    if c % 5
                    else None
                    for c in range(12)
                ),
            )
            for p in range(1, 4)
        ),
    )
    measured = Question(
        "grid",
        "2.1",
        PrintedText("Voltage per rack"),
        table=grid,
        limits=Limits("V", "208", "242"),
    )
    found = exceptions_of(questions)
    context = bare_context(
        report=data.Report(
            "LD-0099",
            0,
            "Cable containment, halls 1 to 4",
            "completed",
            False,
            MOMENT,
            completed_at=MOMENT,
            people=(data.ReportPerson(PersonRole.COMPLETED, "Iara Nogueira"),),
        ),
        checklist=data.Checklist(
            "TRAY-2", 4, PrintedText("Cable Containment and Earthing Inspection of All Halls")
        ),
        sections=(
            data.Section("trays", "1", PrintedText("Trays"), questions),
            data.Section("racks", "2", PrintedText("Racks"), (measured,)),
        ),
        result=data.Result(
            Outcome.FAILED, 22, ok=7, not_ok=len(found), out_of_limits=1, unanswered=0
        ),
        exceptions=(
            *found,
            data.ReportException(
                ExceptionKind.OUT_OF_LIMITS,
                "grid",
                "2.1",
                measured.label,
                "243 V at Rack 12, Phase L3",
            ),
        ),
        photo_totals=data.PhotoTotals(good=album.count),
    )
    return Sample(context, album.files)


def photo_report(folder: Path, count: int) -> Sample:
    """`count` photos on ten questions, numbered across them, two of them with the same picture."""
    album = Album(folder, (LANDSCAPE, PORTRAIT, TINY, WIDE, SQUARE))
    photos = [album.take(f"Picture {n}") for n in range(count)]
    album.files[photos[1].key] = album.files[photos[0].key]
    questions = tuple(
        Question(
            f"p{n}",
            f"1.{n}",
            PrintedText(f"Rack {n}"),
            verdict="ok",
            photos=tuple(photos[n - 1 :: 10]),
        )
        for n in range(1, 11)
    )
    context = bare_context(
        sections=(data.Section("racks", "1", PrintedText("Racks"), questions),),
        photo_totals=data.PhotoTotals(good=count),
    )
    return Sample(context, album.files)


def one_of_everything(folder: Path) -> Sample:
    """The big report reduced to one field per kind of answer, with every optional part present."""
    sample = big_report(folder)
    context = sample.context
    kept: dict[tuple[object, ...], Question] = {}
    for one in context.questions():
        parts = (one.is_note, one.is_chosen, len(one.texts), one.measurement is None, not one.table)
        kept.setdefault((*parts, one.verdict), one)
    conflict = Conflict(ExceptionKind.PLACES_DISAGREE, "camera and browser are 2 km apart")
    photo = replace(context.photos()[0], conflicts=(conflict,))
    questions = tuple(replace(q, photos=(), comment="Seen.") for q in kept.values())
    questions = (replace(questions[0], photos=(photo,)), *questions[1:])
    context = replace(
        context,
        info=questions[:1],
        sections=(replace(context.sections[0], questions=questions[1:]),),
        exceptions=context.exceptions[:1],
        not_applicable=context.not_applicable[:1],
        signatures=context.signatures[1:],
        photo_totals=replace(context.photo_totals, good=1),
    )
    return Sample(context, sample.files)

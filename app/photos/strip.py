"""What stands in the watermark strip of a photo: facts as printed words, nothing drawn.

A photo keeps its strip: the words follow the report, its project and the photo's own witnesses,
in the checklist's first language. The company's settings say which lines are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.distances import distance_words
from app.extensions import db
from app.gazetteer.lookup import Nearest
from app.imaging.settings import DEFAULTS, WatermarkSettings
from app.imaging.watermark import StripText
from app.models import Photo, PhotoReading, Report, Tenant
from app.pdf.labels import Labels
from app.surroundings import NOWHERE, Surroundings
from app.witnesses import Place, Taken, places_of, times_of

SEPARATOR = " · "
NO_ZONE = {"en": "no zone", "pt": "sem fuso"}


@dataclass(frozen=True, slots=True)
class StripFrame:
    """What the strips of one report share; `logo_key` is a PNG in storage.

    `site` is the project by name and address, wherever its photos were taken.
    """

    report: str
    site: str
    language: str
    time_zone: str
    logo_key: str | None = None
    watermark: WatermarkSettings = DEFAULTS
    surroundings: Surroundings = NOWHERE


def frame_of(
    report: Report,
    surroundings: Surroundings,
    *,
    project: str | None = None,
    address: str | None = None,
) -> StripFrame:
    """The frame of a report, whose project and version are loaded already.

    A finished report names its project as it was called then: give it in `project`, `address`.
    """
    tenant = db.session.scalars(select(Tenant)).one()
    name = report.project.name if project is None else project
    street = report.project.address if address is None else address
    watermark = WatermarkSettings.of(tenant.watermark)
    return StripFrame(
        report=report.full_number,
        site=SEPARATOR.join(part for part in (name, *street.splitlines()) if part),
        language=report.version.definition.languages[0].value,
        time_zone=tenant.time_zone,
        logo_key=tenant.logo_key if watermark.logo else None,
        watermark=watermark,
        surroundings=surroundings,
    )


def strip_text(photo: Photo, reading: PhotoReading | None, frame: StripFrame) -> StripText:
    """The strip of one photo, by its best witnesses of time and place.

    Time and hash stand in every strip; the other lines where the company shows them. A place is
    said only where a position was measured: the site stands apart, as what the report is about.
    """
    labels, shown = Labels((frame.language,)), frame.watermark
    place, around = next(iter(places_of(photo, reading)), None), frame.surroundings
    return StripText(
        time=time_line(times_of(photo, reading)[0], labels, frame.time_zone),
        position=position_line(place, labels) if shown.coordinates else "",
        place=nearest_words(around.nearest(photo.id, place), labels) if shown.coordinates else "",
        report=frame.report if shown.report else "",
        sha256=photo.sha256,
        from_site=site_words(around.site_distance_m(place), labels) if shown.coordinates else "",
        site=f"{labels.first('site')}: {frame.site}" if shown.place and frame.site else "",
    )


def time_line(taken: Taken, labels: Labels, time_zone: str) -> str:
    """'2026-11-22 14:05:09 UTC−03:00 · camera'."""
    return SEPARATOR.join(
        (time_words(taken, labels.languages[0], time_zone), labels.first(f"time_{taken.source}"))
    )


def time_words(taken: Taken, language: str, time_zone: str, *, short: bool = False) -> str:
    """The time with its zone, or with the words that it has none; `short` without seconds."""
    shown = taken.shown_in(time_zone)
    words = shown.short_words if short else shown.words
    return words if shown.has_zone else f"{words} ({NO_ZONE[language]})"


def position_line(place: Place | None, labels: Labels) -> str:
    """'−23.550520, −46.633308 ±12 m · browser', or that there is no position."""
    if place is None:
        return labels.first("no_place")
    where = " ".join(part for part in (place.words, place.accuracy_words) if part)
    return SEPARATOR.join((where, labels.first(f"place_{place.source}")))


def nearest_words(nearest: Nearest | None, labels: Labels) -> str:
    """'3.2 km from Vinhedo, SP, BR (GeoNames)', empty where no place is near."""
    if nearest is None:
        return ""
    distance = distance_words(nearest.distance_m, labels.languages[0])
    return labels.first("nearest", distance=distance, place=nearest.place)


def site_words(metres: float | None, labels: Labels) -> str:
    """'120 m from the site', empty where it is unknown."""
    if metres is None:
        return ""
    return labels.first("from_site", distance=distance_words(metres, labels.languages[0]))

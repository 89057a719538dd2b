"""The text of a photo's watermark strip; nothing is drawn here.

The text comes from the report, its project and the photo's own witnesses, in the checklist's first
language. The company's settings select the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.agreement import PhotoTime, Place, places_of, times_of
from app.distances import distance_words
from app.gazetteer.lookup import Nearest
from app.imaging.settings import DEFAULTS, WatermarkSettings
from app.imaging.watermark import StripText
from app.models import Photo, PhotoReading, Report
from app.pdf.labels import Labels
from app.rows import own_tenant
from app.surroundings import NOWHERE, Surroundings

SEPARATOR = " · "
NO_ZONE = {"en": "no zone", "pt": "sem fuso"}


@dataclass(frozen=True, slots=True)
class StripFrame:
    """The data that the strips of a report share; `logo_key` is a PNG in storage.

    `report` is the number without the revision, so that the print of a photo serves every revision
    of its report. `site` is the project's name and address, regardless of where its photos were
    taken.
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
    """The frame of a report whose project and version are loaded.

    For a finished report, pass the project's frozen name and address as `project` and `address`.
    """
    tenant = own_tenant()
    name = report.project.name if project is None else project
    street = report.project.address if address is None else address
    watermark = WatermarkSettings.of(tenant.watermark)
    return StripFrame(
        report=report.number,
        site=SEPARATOR.join(part for part in (name, *street.splitlines()) if part),
        language=report.version.definition.languages[0].value,
        time_zone=tenant.time_zone,
        logo_key=tenant.logo_key if watermark.logo else None,
        watermark=watermark,
        surroundings=surroundings,
    )


def strip_text(photo: Photo, reading: PhotoReading | None, frame: StripFrame) -> StripText:
    """The strip of a photo, according to its best witnesses of time and place.

    Every strip has time and hash; the company's settings select the other lines. The nearest place
    needs a measured position; the site is a separate line, because it is the report's subject.
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


def time_line(taken: PhotoTime, labels: Labels, time_zone: str) -> str:
    """'2026-11-22 14:05:09 UTC−03:00 · camera'."""
    return SEPARATOR.join(
        (time_words(taken, labels.languages[0], time_zone), labels.first(f"time_{taken.source}"))
    )


def time_words(taken: PhotoTime, language: str, time_zone: str, *, short: bool = False) -> str:
    """The time with its zone, or a note that it has none; `short` omits the seconds."""
    shown = taken.shown_in(time_zone)
    words = shown.short_words if short else shown.words
    return words if shown.has_zone else f"{words} ({NO_ZONE[language]})"


def position_line(place: Place | None, labels: Labels) -> str:
    """'−23.550520, −46.633308 ±12 m · browser', or a note that there is no position."""
    if place is None:
        return labels.first("no_place")
    where = " ".join(part for part in (place.words, place.accuracy_words) if part)
    return SEPARATOR.join((where, labels.first(f"place_{place.source}")))


def nearest_words(nearest: Nearest | None, labels: Labels) -> str:
    """'3.2 km from Vinhedo, SP, BR (GeoNames)', empty if no place is near."""
    if nearest is None:
        return ""
    distance = distance_words(nearest.distance_m, labels.languages[0])
    return labels.first("nearest", distance=distance, place=nearest.place)


def site_words(metres: float | None, labels: Labels) -> str:
    """'120 m from the site', empty if unknown."""
    if metres is None:
        return ""
    return labels.first("from_site", distance=distance_words(metres, labels.languages[0]))

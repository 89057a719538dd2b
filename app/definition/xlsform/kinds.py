"""The question types of XLSForms by what becomes of them, and the parsing of the type column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.definition.xlsform.leftout import Construct


class Kind(StrEnum):
    """What a row is, as far as a checklist has a counterpart."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    RANGE = "range"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date_time"
    NOTE = "note"
    IMAGE = "image"
    BARCODE = "barcode"
    ACKNOWLEDGE = "acknowledge"
    SELECT_ONE = "select_one"
    SELECT_MANY = "select_many"
    BEGIN_GROUP = "begin_group"
    END_GROUP = "end_group"
    BEGIN_REPEAT = "begin_repeat"
    END_REPEAT = "end_repeat"


BEGINS = frozenset((Kind.BEGIN_GROUP, Kind.BEGIN_REPEAT))
ENDS = frozenset((Kind.END_GROUP, Kind.END_REPEAT))
SELECTS = frozenset((Kind.SELECT_ONE, Kind.SELECT_MANY))


@dataclass(frozen=True, slots=True)
class RowType:
    """A parsed type: a kind, or why there is none. `list_name` is that of a select."""

    kind: Kind | None
    left_out: Construct | None = None
    list_name: str = ""
    has_other: bool = False


_KINDS: Mapping[Kind, str] = {
    Kind.TEXT: "text|string|add text prompt|q string",
    Kind.INTEGER: "integer|int|add integer prompt|q int|percentage",
    Kind.DECIMAL: "decimal|add decimal prompt|q decimal",
    Kind.RANGE: "range",
    Kind.DATE: "date|add date prompt|q date",
    Kind.TIME: "time|add time prompt|q time",
    Kind.DATE_TIME: "datetime|date time|add datetime prompt|add date time prompt|q datetime"
    "|q date time",
    Kind.NOTE: "note|add note prompt|q note",
    Kind.IMAGE: "image|photo|q picture|q image|add image prompt|add photo prompt",
    Kind.BARCODE: "barcode|q barcode|add barcode prompt",
    Kind.ACKNOWLEDGE: "acknowledge|trigger|q acknowledge|add acknowledge prompt",
}
_LEFT_OUT: Mapping[Construct, str] = {
    Construct.CALCULATED: "calculate|hidden|q calculate|add calculate prompt",
    Construct.PLACE: "geopoint|geotrace|geoshape|location|gps|start-geopoint|background-geopoint"
    "|q geopoint|q geotrace|q geoshape|q location|add location prompt",
    Construct.MEDIA: "audio|video|file|background-audio|q audio|q video|add audio prompt"
    "|add video prompt|add file prompt",
    Construct.RECORDED: "start|end|today|username|deviceid|phonenumber|email|simserial"
    "|subscriberid|imei|audit|start time|end time|device id|sim id|subscriber id|phone number"
    "|get start time|get end time|get today|get device id|get sim id|get subscriber id"
    "|get phone number|uri:deviceid|uri:email|uri:phonenumber|uri:simserial|uri:subscriberid"
    "|uri:username|number of days in last month|number of days in last six months"
    "|number of days in last year",
    Construct.OUTSIDE_DATA: "csv-external|xml-external|osm",
    Construct.RANKING: "rank",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split("|")}
_WHY = {name: why for why, names in _LEFT_OUT.items() for name in names.split("|")}

_GROUP = re.compile(
    r"(?P<edge>begin|end)[ _](?P<kind>group|repeat|lgroup|looped group|loop)(?: (?:over )?\S+)?"
)
_OUTSIDE = re.compile(
    r"select[ _](?:one|multiple)[ _]from[ _]file\b.*|select[ _]one[ _]external\b.*"
    r"|cascading[ _]select\b.*"
)
_SELECT = re.compile(
    r"(?:add )?(?P<how>select[ _]one|select1|select[ _]multiple|select all that apply|q select1?"
    r"|rank)(?: from)?(?: prompt)?(?: using)?(?: (?P<list>\S+))?"
    r"(?P<other> or[ _]other| or specify other)?",
    re.IGNORECASE,
)
_MANY = frozenset(("select multiple", "select all that apply", "q select"))


def row_type(text: str) -> RowType:
    """Parse a cell of the type column."""
    words = " ".join(text.split())
    plain = words.lower()
    if kind := _KIND_OF.get(plain):
        return RowType(kind)
    if why := _WHY.get(plain):
        return RowType(None, why)
    if edge := _GROUP.fullmatch(plain):
        return RowType(_edge(edge["edge"], edge["kind"]))
    if _OUTSIDE.fullmatch(plain):
        return RowType(None, Construct.OUTSIDE_CHOICES)
    if plain.startswith("osm "):
        return RowType(None, Construct.OUTSIDE_DATA)
    if select := _SELECT.fullmatch(words):
        return _select(select)
    return RowType(None, Construct.UNKNOWN_TYPE)


def _edge(edge: str, kind: str) -> Kind:
    if kind == "group":
        return Kind.BEGIN_GROUP if edge == "begin" else Kind.END_GROUP
    return Kind.BEGIN_REPEAT if edge == "begin" else Kind.END_REPEAT


def _select(select: re.Match[str]) -> RowType:
    how, list_name = select["how"].lower().replace("_", " "), select["list"] or ""
    if how == "rank":
        return RowType(None, Construct.RANKING, list_name)
    if list_name.startswith("${"):
        return RowType(None, Construct.OUTSIDE_CHOICES)
    kind = Kind.SELECT_MANY if how in _MANY else Kind.SELECT_ONE
    return RowType(kind, None, list_name, bool(select["other"]))

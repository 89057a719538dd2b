"""Codes for anomalies in a photo's file, as stored in a reading; none makes the file unusable.

Imports no image library, so that pages can use the codes. The features choose the sentences.
"""

from __future__ import annotations

from enum import StrEnum


class Note(StrEnum):
    """One anomaly; codes are permanent, because stored readings never change."""

    DAMAGED = "damaged"
    EXIF_MISSING = "exif_missing"
    EXIF_DAMAGED = "exif_damaged"
    EXIF_CUT = "exif_cut"
    RAW_CUT = "raw_cut"
    TIME_MISSING = "time_missing"
    TIME_INVALID = "time_invalid"
    TIME_DIGITIZED = "time_digitized"
    TIME_CHANGED = "time_changed"
    TIME_HOUR_24 = "time_hour_24"
    TIME_NO_SECONDS = "time_no_seconds"
    OFFSET_INVALID = "offset_invalid"
    OFFSET_CONFLICT = "offset_conflict"
    GPS_MISSING = "gps_missing"
    GPS_INVALID = "gps_invalid"
    GPS_VOID = "gps_void"
    GPS_TIME_INVALID = "gps_time_invalid"
    ALTITUDE_INVALID = "altitude_invalid"
    ACCURACY_INVALID = "accuracy_invalid"
    ORIENTATION_INVALID = "orientation_invalid"

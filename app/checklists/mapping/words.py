"""What the page of a mapping calls the sheets, columns, rows and labels of a client's workbook."""

from __future__ import annotations

from app.definition.sentences import N_
from app.words import WordList

SHEETS = WordList(
    {
        "form": N_("Questions"),
        "matrix": N_("Devices and checks"),
        "rules": N_("Rules and notes"),
        "skip": N_("Not read"),
    }
)
COLUMNS = WordList(
    {
        "skip": N_("Not read"),
        "number": N_("Item number"),
        "section": N_("Section"),
        "question": N_("Question"),
        "translation": N_("Question, second language"),
        "criterion": N_("Criterion"),
        "unit": N_("Unit"),
        "min": N_("Minimum"),
        "max": N_("Maximum"),
        "nominal": N_("Nominal value"),
        "tolerance": N_("Tolerance"),
        "reading": N_("Reading"),
        "verdict": N_("Result"),
        "ok": N_("Cross for OK"),
        "not_ok": N_("Cross for Not OK"),
        "na": N_("Cross for N.A."),
        "comment": N_("Comment"),
        "text": N_("Text"),
        "date": N_("Date"),
        "photo": N_("Photo required"),
        "device": N_("Device"),
        "location": N_("Location"),
        "check": N_("Check"),
        "signature": N_("Signature"),
    }
)
ROWS = WordList(
    {
        "skip": N_("Not read"),
        "section": N_("Section"),
        "verdict": N_("OK / Not OK / N.A."),
        "number": N_("Number"),
        "table": N_("Table of readings"),
        "select": N_("Select one"),
        "text": N_("Text"),
        "long_text": N_("Long text"),
        "date": N_("Date"),
        "note": N_("Note"),
    }
)
LABELS = WordList(
    {
        "skip": N_("Not read"),
        "info": N_("Info field"),
        "long_text": N_("Long text"),
        "signature": N_("Signature"),
    }
)

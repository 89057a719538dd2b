"""Workbooks: reading an uploaded checklist, writing one, and the sample to download.

Works on bytes only. No web, no database, no storage.
"""

from app.definition.workbook.problems import Problem
from app.definition.workbook.reader import WorkbookReading, read_workbook
from app.definition.workbook.sample import sample_workbook
from app.definition.workbook.sandbox import read_workbook_in_sandbox
from app.definition.workbook.writer import write_workbook

__all__ = [
    "Problem",
    "WorkbookReading",
    "read_workbook",
    "read_workbook_in_sandbox",
    "sample_workbook",
    "write_workbook",
]

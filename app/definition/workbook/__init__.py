"""Workbooks in and out: reading an uploaded checklist, and the empty sample to download.

Only bytes come in. No web, no database, no storage.
"""

from app.definition.workbook.apart import read_workbook_apart
from app.definition.workbook.problems import Problem
from app.definition.workbook.reader import WorkbookReading, read_workbook
from app.definition.workbook.sample import sample_workbook

__all__ = ["Problem", "WorkbookReading", "read_workbook", "read_workbook_apart", "sample_workbook"]

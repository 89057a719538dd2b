"""The Definition: one truth for the form, the rules and the PDF of a checklist.

Pure code: pydantic and the standard library. No Flask, no database, no files but the
workbook that a reader is handed.
"""

"""The definition of a checklist: the form, the rules and the PDF all read it.

Pure code: pydantic and the standard library. No Flask, no database, and no files except the
workbook passed to a reader.
"""

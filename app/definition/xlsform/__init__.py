"""XLSForms: reading those of other programs, and writing a checklist as one.

Works on bytes only. No web, no database, no storage.
"""

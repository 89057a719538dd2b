"""Copies of clients' workbooks, filled with the answers of reports."""

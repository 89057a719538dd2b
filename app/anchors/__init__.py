"""Anchors: hourly signed heads of the audit chains, kept outside the database.

A chain whose end was rewritten has valid links again. An anchor still names the hash that an entry
had, as does each PDF that a customer keeps.
"""

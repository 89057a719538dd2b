"""Witness links."""

"""Measurements only, never part of the served app: `make bench`, `make load`, `make soak`."""

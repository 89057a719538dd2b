"""Routes of checklists."""

from __future__ import annotations

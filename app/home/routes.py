"""Routes of home."""

from __future__ import annotations

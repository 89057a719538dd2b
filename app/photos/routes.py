"""Routes of photos."""

from __future__ import annotations

"""Routes of company."""

from __future__ import annotations

"""What the relay does for the platform: looks whose time is over are ended and told."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import register_chore
from app.platform.support import end_left_over


def register(app: Flask) -> None:
    register_chore(app, end_left_over)

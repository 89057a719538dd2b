"""The flask commands: operators' tools around the same services as the pages."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    pass

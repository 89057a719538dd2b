"""The flask commands: operators' tools around the same services as the pages."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# Each module of app/commands lists its own in COMMANDS.
MODULES = (
    "up", "people", "erasing", "seed", "demo.command", "backup.command", "storage", "check.command",
)  # fmt: skip


def init_app(app: Flask) -> None:
    for name in MODULES:
        for command in import_module(f"app.commands.{name}").COMMANDS:
            app.cli.add_command(command)

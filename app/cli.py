"""The flask commands: operator tools that use the same services as the pages."""

from __future__ import annotations

from flask import Flask

from app.commands import anchors, checklists, erasing, people, sealing, seed, storage, up
from app.commands.backup import command as backup
from app.commands.check import command as check
from app.commands.demo import command as demo

# Each module lists its commands in COMMANDS.
MODULES = (anchors, up, people, erasing, seed, demo, checklists, backup, storage, sealing, check)


def init_app(app: Flask) -> None:
    for module in MODULES:
        for command in module.COMMANDS:
            app.cli.add_command(command)

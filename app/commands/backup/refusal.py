"""The reason why a backup or restore is refused, in one sentence. Nothing else belongs here."""

from __future__ import annotations

import click


class Refusal(click.ClickException):
    """Nothing was made or changed. The message gives the reason and a remedy. Exit status 1."""

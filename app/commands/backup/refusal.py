"""What stops a backup or a restore, as one sentence for the operator. Nothing else goes here."""

from __future__ import annotations

import click


class Refusal(click.ClickException):
    """Nothing was made or changed; the message says why and names the way out. Exit status 1."""

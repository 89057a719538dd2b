"""The demo companies: two tenants with people, brand and reports in every state, made once."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


def demo_logins() -> list[str]:
    return []


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Make the demo companies where there is no company yet."""

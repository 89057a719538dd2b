"""Running the migrations, for the commands that need all tables."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from app.config import ROOT


def migrate(url: str) -> None:
    """Bring the database that `url` (the owner's) opens to this release's tables."""
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")

"""Running the migrations, for the commands that need all tables."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from app.config import ROOT


def migrate(url: str) -> None:
    """Migrate the database at `url` (the owner's login) to this release."""
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")

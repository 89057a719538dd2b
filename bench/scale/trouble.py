"""What happens to the installation while people work: deaths of processes, and a release."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from alembic import command
from sqlalchemy.exc import OperationalError

from app import database_roles as roles
from bench.scale.site import RELAYS, WEBS, ScaledSite
from tests.faults.site import DATABASE
from tests.support import servers as test_servers

# A supervisor (systemd's RestartSec, a container platform) starts a dead process again.
RESTART_SECONDS = 2.0
NEXT_RELEASE = Path(__file__).with_name("next_release")
MIGRATION_TRIES = 10

Say = Callable[[str], None]


def kill_each(site: ScaledSite, seconds: float) -> Iterator[str]:
    """Kill a web, a worker, a relay and PgBouncer, spread over `seconds`; says what was done."""
    pause = seconds / 5
    for name, kind in ((WEBS[0], "web"), ("worker-1", "worker"), (RELAYS[0], "relay")):
        time.sleep(pause)
        site.crash(name)
        time.sleep(RESTART_SECONDS)
        site.start_web(name) if kind == "web" else site.start(kind, name)
        yield f"{name} killed and started again"
    time.sleep(pause)
    site.pooler.kill()
    time.sleep(RESTART_SECONDS)
    site.pooler.start()
    yield "PgBouncer killed and started again"


def release(site: ScaledSite) -> Iterator[str]:
    """The steps 3 to 5 of docs/deployment.md: migrate, replace workers and relays, then webs."""
    yield f"migrated at try {_migrate(site)}"
    replaced = [("worker", f"worker-{turn}") for turn in range(1, site.workers + 1)]
    for kind, name in [*replaced, *(("relay", name) for name in RELAYS)]:
        site.stop(name)
        site.start(kind, name)
    yield "workers and relays replaced"
    for name in WEBS:
        site.reload_web(name)
        yield f"{name} reloaded"


def _migrate(site: ScaledSite) -> int:
    """The number of tries: a migration that does not get its lock within 5 s is run again."""
    config = test_servers.alembic_config(site.postgres.url(roles.OWNER, DATABASE))
    usual = str(Path(str(config.get_main_option("script_location"))) / "versions")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{usual}\n{NEXT_RELEASE}")
    for tried in range(1, MIGRATION_TRIES):
        with suppress(OperationalError):
            command.upgrade(config, "head")
            return tried
    command.upgrade(config, "head")
    return MIGRATION_TRIES

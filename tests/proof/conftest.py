"""One company that lived its whole life, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.proof.world import World, live_first, live_on
from tests.support import servers as test_servers
from tests.support.backup_stage import place


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory, cast) -> Iterator[World]:
    """R0 is completed; the correction comes later."""
    running = test_servers.current()
    folder = tmp_path_factory.mktemp("lived")
    name = running.clone(f"laudo_lived_{uuid4().hex[:8]}")
    filled = place(name, folder / "storage")
    yield live_first(filled, cast, folder / "anchors")
    filled.let_go()
    running.drop(name)


@pytest.fixture(scope="session")
def dump_of_yesterday(yesterday: World) -> Iterator[str]:
    """The name of a database that is what yesterday's dump restores."""
    running = test_servers.current()
    yesterday.place.let_go()
    name = running.clone(f"laudo_dump_{uuid4().hex[:8]}", yesterday.place.database)
    yield name
    running.drop(name)


@pytest.fixture(scope="session")
def lived(yesterday: World, dump_of_yesterday: str) -> World:
    """R1 has corrected R0. Tests that change anything use a copy."""
    world = live_on(yesterday)
    world.place.let_go()
    return world

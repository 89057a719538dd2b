"""One site for all tests that break servers and processes; each test leaves it running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.people import Client
from tests.faults.site import Site, running_site

# Short, so that tests do not wait long until another worker takes over from a killed one.
LEASE_SECONDS = 5
# The documented limit is 75 s with a lease of 60 s; the remainder is the same here. And 30 s for a
# busy machine.
RECOVERY_SECONDS = 75 - 60 + LEASE_SECONDS + 30


@pytest.fixture(scope="session")
def whole_site() -> Iterator[Site]:
    with running_site(JOB_LEASE_SECONDS=str(LEASE_SECONDS), RELAY_SECONDS="0.5") as site:
        yield site


@pytest.fixture
def site(whole_site: Site) -> Site:
    whole_site.postgres.start()
    whole_site.valkey.start()
    whole_site.start_all()
    return whole_site


@pytest.fixture
def tess(site: Site) -> Client:
    client = Client(site, site.cast.tess)
    client.log_in()
    return client

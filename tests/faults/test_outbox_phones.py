"""An outage under many phones: everything arrives once, soon after, and not all at the same time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.outbox_phones import break_web
from tests.faults.site import Site

pytestmark = pytest.mark.xdist_group("faults")

PHONES = 20
# Long enough that most phones make their longest pauses.
OUTAGE_SECONDS = 8.0


def test_all_phones_send_soon_after_an_outage(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    outage = break_web(site, PHONES, OUTAGE_SECONDS)
    record_property("outage", str(outage))
    assert outage.wrong == []
    assert sum(outage.settled.values()) == outage.operations
    # The longest pause between two tries, and a second for a machine that does other things too.
    assert outage.last_back < 9
    # Spread evenly over four to eight seconds, some three phones come back in each.
    assert max(outage.back.values()) <= PHONES / 2, outage.back

"""PostgreSQL crashes during autosaves: every acknowledged save is there exactly once."""

from __future__ import annotations

import time

import pytest
import requests

from tests.faults import truth
from tests.faults.saving import crash, refusals_outside, savers_at_work
from tests.faults.site import wait_until

pytestmark = pytest.mark.xdist_group("faults")

RECOVERY_SECONDS = 10
CRASHES = 2
IN_A_TRANSACTION = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and state like 'idle in transaction%%' and now() - xact_start > interval '5 seconds'"
)


def test_no_acknowledged_save_is_lost(site):
    with savers_at_work(site, 3) as savers:
        outages = []
        for _crash in range(CRASHES):
            time.sleep(1)
            outages.append(crash(site))
            wait_until(
                lambda: all(saver.last_saved > outages[-1].up for saver in savers),
                "somebody cannot save again",
                RECOVERY_SECONDS,
            )
    saves = [save for saver in savers for save in saver.client.saves]
    assert len(saves) > 10 * CRASHES
    assert any(saver.client.refusals for saver in savers), "no crash was felt by anybody"
    assert refusals_outside(savers, outages, RECOVERY_SECONDS) == []
    assert [saver.trouble for saver in savers] == [[]] * len(savers)
    assert truth.lost_saves(site, saves) == []
    assert truth.wrong_evidence(site) == []
    assert site.ask(IN_A_TRANSACTION) == [(0,)]
    assert requests.get(f"{site.url}/health", timeout=5).status_code == 200

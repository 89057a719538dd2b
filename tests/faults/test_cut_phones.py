"""Operations over connections that are cut: each takes effect exactly once and in its order."""

from __future__ import annotations

from random import Random

import pytest

from app.evidence.chain import verify_chain
from tests.faults.cutting import cutting
from tests.faults.phones import plan, run, wrong

pytestmark = pytest.mark.xdist_group("faults")

DEVICES = 10
EACH = 12


def test_everything_arrives_exactly_once(site):
    random = Random(14)
    operations = plan(site, DEVICES, EACH, random)
    assert len(operations) == DEVICES * EACH
    port = int(site.url.rpartition(":")[2])
    with cutting(port, share=0.3, random=Random(15)) as proxy:
        done = run(site, proxy.port, operations, random)
    assert wrong(site, done) == []
    assert proxy.cuts > DEVICES and done.statuses[0] > DEVICES, "hardly anything was cut"
    assert done.early > 0, "nothing came early"
    assert not done.statuses.keys() - {0, 200, 503}, done.statuses
    with site.acting(site.cast.tess):
        assert verify_chain().broken_at is None

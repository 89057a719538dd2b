"""SIGKILL of the web during uploads and submits: each happens completely and once, or not at
all."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults import truth
from tests.faults.site import wait_until
from tests.faults.web_kills import strike_uploads_and_submits

pytestmark = pytest.mark.xdist_group("faults")

KILLS = 4


def test_nothing_is_half_stored(site, tess):
    # Other modules of this site take bytes away on purpose.
    before = truth.wrong_objects(site)
    done = strike_uploads_and_submits(site, tess, KILLS, Random(7))
    assert done.landed > 0, "no kill fell into a request"
    assert truth.wrong_photos(site, done.photos) == []
    assert set(truth.wrong_objects(site)) == set(before)
    assert truth.wrong_reports(site) == []
    assert truth.wrong_evidence(site) == []
    wait_until(lambda: not truth.count_open(site, done.reports), "open", 60)
    assert truth.wrong_documents(site, done.reports) == []

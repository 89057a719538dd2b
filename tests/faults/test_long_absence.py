"""A long outage of relay and worker: pages show pending work, checks report it, and it is done
later."""

from __future__ import annotations

import pytest
import requests

from tests.faults import truth
from tests.faults.people import make_reports
from tests.faults.site import Site, wait_until

pytestmark = pytest.mark.xdist_group("faults")


def readiness(site: Site) -> tuple[int, set[str]]:
    """The status, and the parts that are not healthy."""
    answer = requests.get(f"{site.url}/health/ready", timeout=10)
    return answer.status_code, {name for name, part in answer.json().items() if not part["ok"]}


def test_without_worker_and_relay_the_page_shows_that_the_pdf_waits(site, tess):
    (report,) = make_reports(site, 1)
    site.stop("worker")
    site.kill("relay")
    assert tess.submit(report) == 200
    assert "Next in the queue." in tess.get(f"/reports/{report}").text
    # The killed relay's heartbeat expires after half a minute; do not wait ten minutes.
    site.redis().delete("laudo:alive:relay")
    with site.superuser() as connection, connection.cursor() as cursor:
        cursor.execute(
            "update documents set queued_at = now() - interval '1 hour' where report_id = %s",
            (str(report),),
        )
    assert readiness(site) == (503, {"worker", "relay", "documents"})
    assert requests.get(f"{site.url}/health", timeout=5).status_code == 200

    # The wake-up after the submit is lost as well, so only the relay can queue it again.
    site.redis().flushall()
    site.start("worker")
    wait_until(lambda: readiness(site)[1] == {"relay", "documents"}, "no sign of life", 30)
    assert truth.count_open(site, [report]) == 1
    site.start("relay")
    wait_until(lambda: not truth.count_open(site, [report]), "open", 60)
    wait_until(lambda: readiness(site) == (200, set()), "not ready", 30)
    assert truth.wrong_documents(site, [report]) == []
    assert "Download" in tess.get(f"/reports/{report}").text

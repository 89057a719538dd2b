"""SIGKILL after the file is stored and before its row says so: the file is published once, later.

The window is a few milliseconds long. A lock on the end of the company's chain, which publishing
needs last, holds the worker in it.
"""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO

import pytest

from tests.faults import truth
from tests.faults.conftest import RECOVERY_SECONDS
from tests.faults.people import make_reports
from tests.faults.site import Site, children, kill, wait_until

pytestmark = pytest.mark.xdist_group("faults")


def kill_worker_before_publishing(site: Site, kind: str, running: str, value: str) -> str:
    """Kill the worker and its child after they stored an object of this kind; returns its key.

    `running` asks, with one placeholder for `value`, whether the work runs and so has written what
    its request and its beginning write into the chain.
    """
    before = set(site.keys())
    wait_until(lambda: site.ask(running, value), "it never ran", 120, 0.005)

    def stored() -> list[str]:
        new = set(site.keys()) - before
        return [key for key in new if f"/{kind}/" in key]

    with site.superuser() as held, held.cursor() as cursor:
        cursor.execute("select from audit_heads for update")
        wait_until(stored, lambda: f"nothing was stored\n{site.log('worker')[-2000:]}", 60, 0.01)
        process = site.processes.pop("worker")
        for pid in (*children(process.pid), process.pid):
            kill(pid)
        process.wait(10)
    (key,) = stored()
    return key


def test_a_pdf_is_sealed_again_and_published_once(site, tess):
    (report,) = make_reports(site, 1)
    assert tess.submit(report) == 200
    running = "select from documents where report_id = %s and state = 'running'"
    lost = kill_worker_before_publishing(site, "pdf", running, str(report))
    site.start("worker")
    wait_until(lambda: not truth.count_open(site, [report]), "open", RECOVERY_SECONDS)
    assert truth.wrong_documents(site, [report]) == []
    ((key, attempts),) = site.ask(
        "select storage_key, attempts from documents where report_id = %s", str(report)
    )
    # The seal names its time, so the second file is another one. No row names the first.
    assert key != lost and attempts == 2
    assert site.ask("select 1 from documents where storage_key = %s", lost) == []
    assert truth.wrong_evidence(site) == []


def test_a_bundle_is_made_again_and_published_once(site, tess):
    (report,) = make_reports(site, 1)
    assert tess.submit(report) == 200
    wait_until(lambda: not truth.count_open(site, [report]), "open", 60)
    assert tess.post(f"/reports/{report}/bundle") == 200
    running = "select id from bundles where report_id = %s and state = 'running'"
    lost = kill_worker_before_publishing(site, "bundle", running, str(report))
    ((bundle,),) = site.ask(running, str(report))
    site.start("worker")
    row = "select storage_key, sha256, byte_size, attempts from bundles where id = %s"
    done = f"{row} and state = 'done'"
    wait_until(lambda: site.ask(done, bundle), "no bundle", RECOVERY_SECONDS)
    ((key, sha256, size, attempts),) = site.ask(done, bundle)
    data = site.stored(str(key)) or b""
    assert key != lost and attempts == 2
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, size)
    assert zipfile.ZipFile(BytesIO(data)).testzip() is None
    made = "select count(*) from audit_entries where action = 'bundle.made' and object_id = %s"
    assert site.ask(made, bundle) == [(1,)]

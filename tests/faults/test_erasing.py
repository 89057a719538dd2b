"""A company is erased while its PDF and its export are being stored: no file of it remains.

Uses real workers, each stopped in the middle of its put by the bucket's proxy.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from threading import Event
from uuid import uuid4

import pytest

from app.config import ROOT
from app.exports.company.service import request_export
from app.extensions import db
from app.storage.s3 import S3Storage
from tests.faults.conftest import LEASE_SECONDS
from tests.faults.people import Client, make_reports
from tests.faults.site import Site, children, kill, running_site, wait_until
from tests.storage.conftest import moto_url  # noqa: F401
from tests.storage.stages import BUCKET, KEY_ID, SECRET, S3Stage
from tests.support import scenarios

pytestmark = pytest.mark.xdist_group("faults")

LONG = 120


@pytest.fixture
def bucket(moto_url) -> Iterator[S3Stage]:  # noqa: F811
    stage = S3Stage(moto_url)
    yield stage
    stage.close()


@pytest.fixture
def bucket_site(bucket) -> Iterator[Site]:
    """A site for this test only, because a company is erased."""
    with running_site(
        JOB_LEASE_SECONDS=str(LEASE_SECONDS),
        RELAY_SECONDS="0.5",
        STORAGE_S3_BUCKET=BUCKET,
        STORAGE_S3_ENDPOINT_URL=bucket.proxy.url,
        STORAGE_S3_REGION="us-east-1",
        STORAGE_S3_KEY_ID=KEY_ID,
        STORAGE_S3_SECRET=SECRET,
    ) as site:
        site.app.extensions["laudo_storage"] = S3Storage(bucket.bucket())
        yield site


class Held:
    """Delays puts of one kind before they reach the bucket, until `go` is set."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.come, self.go = Event(), Event()

    def __call__(self, method: str, path: str) -> None:
        if method == "PUT" and f"/{self.kind}/" in path:
            self.come.set()
            self.go.wait(LONG)


def flask(site: Site, *arguments: str) -> str:
    """Run an operator's command, which must succeed; returns its output."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def keys(bucket: S3Stage, tenant_id: object) -> set[str]:
    found = bucket.raw.list_objects_v2(Bucket=BUCKET, Prefix=f"t/{tenant_id}/")
    return {one["Key"] for one in found.get("Contents", ())}


def rows(site: Site, tenant_id: object) -> list[int]:
    counted = ("reports", "photos", "audit_entries", "documents")
    return [
        int(
            str(site.ask(f"select count(*) from {name} where tenant_id = %s", str(tenant_id))[0][0])
        )
        for name in counted
    ]


def a_photo_of(site: Site, person) -> None:
    with site.acting(person) as actor:
        report = scenarios.a_report(actor)
        scenarios.a_photo(report, "enclosure", actor, data=uuid4().bytes)
        db.session.commit()


def test_no_file_remains_of_a_company_erased_during_a_put(bucket, bucket_site):
    site, acme, other = bucket_site, bucket_site.cast.acme, bucket_site.cast.other
    pdf, export = Held("pdf"), Held("export")
    bucket.proxy.before_request = lambda *asked: (pdf(*asked), export(*asked))
    for person in (site.cast.ana, site.cast.otto):
        a_photo_of(site, person)
    before = keys(bucket, other), rows(site, other)
    put_under_way(site, pdf, export)

    with site.superuser() as connection, connection.cursor() as cursor:
        cursor.execute(
            "update tenants set status = 'suspended', deletion_due_at = now() - interval '1 day'"
            " where id = %s",
            (str(acme),),
        )
    assert "Erased acme" in flask(site, "tenant", "erase", "acme")
    assert keys(bucket, acme) == set()

    # Now the PDF reaches the bucket; its worker checks the company and deletes it again.
    worker = site.processes["worker"]
    pdf.go.set()
    wait_until(lambda: not children(worker.pid), lambda: site.log("worker")[-3000:], LONG)
    assert "was erased before it came" in site.log("worker")
    assert keys(bucket, acme) == set()

    # The export arrives too, but its worker is dead: only the sweep can delete it.
    dead = site.processes.pop("worker-2")
    for pid in (*children(dead.pid), dead.pid):
        kill(pid)
    dead.wait(10)
    export.go.set()
    wait_until(lambda: keys(bucket, acme), "the export never came", LONG)
    assert "1 deleted" in flask(site, "storage", "sweep")
    assert keys(bucket, acme) == set()
    assert (keys(bucket, other), rows(site, other)) == before


def put_under_way(site: Site, pdf: Held, export: Held) -> None:
    """Make `worker` put a PDF, then `worker-2` an export."""
    tess = Client(site, site.cast.tess)
    tess.log_in()
    (report,) = make_reports(site, 1)
    assert tess.submit(report) == 200
    assert pdf.come.wait(LONG), site.log("worker")[-3000:]
    site.start("worker", "worker-2")
    with site.acting(site.cast.ana) as ana:
        request_export(actor=ana)
        db.session.commit()
    assert export.come.wait(LONG), site.log("worker-2")[-3000:]

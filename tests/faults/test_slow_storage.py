"""A slow storage delays only the people who wait for it.

A separate web process uses a bucket behind a proxy that delays a put until the test releases it.
Idle transactions are ended after one second, instead of 30, by PostgreSQL.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import UUID, uuid4

import boto3
import pytest
import requests

from app.config import ROOT
from app.local.embedded import free_port
from tests.faults.people import Client, make_reports
from tests.faults.site import COMMANDS, Site, wait_until
from tests.storage.conftest import moto_url  # noqa: F401
from tests.storage.proxy import Proxy
from tests.storage.stages import BUCKET, KEY_ID, SECRET
from tests.support.pictures import a_jpeg

# The group of all tests that use the shared site.
pytestmark = pytest.mark.xdist_group("faults")

IDLE_SECONDS = 1.0


class SlowBucket(Proxy):
    """Delays the put of the `number`th original: sets `reached`, then waits for `go`."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.reached, self.go = threading.Event(), threading.Event()
        self.number, self._seen = 0, 0
        self.before_answer = self._hold

    def hold(self, number: int) -> None:
        self.reached.clear()
        self.go.clear()
        self.number, self._seen = number, 0

    def _hold(self, method: str, path: str) -> None:
        if method != "PUT" or "/orig/" not in path:
            return
        self._seen += 1
        if self._seen == self.number:
            self.reached.set()
            self.go.wait(15)


@pytest.fixture
def bucket(moto_url: str) -> Iterator[SlowBucket]:  # noqa: F811
    proxy = SlowBucket(moto_url)
    raw = boto3.client(
        "s3",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    raw.create_bucket(Bucket=BUCKET)
    yield proxy
    proxy.close()
    for one in raw.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        raw.delete_object(Bucket=BUCKET, Key=one["Key"])
    raw.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def web(site: Site, bucket: SlowBucket, tmp_path) -> Iterator[SimpleNamespace]:
    """One more web process on the site's servers, with the bucket as its storage."""
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        **site.environment,
        "BASE_URL": url,
        "BIND": url.removeprefix("http://"),
        "STORAGE_S3_BUCKET": BUCKET,
        "STORAGE_S3_ENDPOINT_URL": bucket.url,
        "STORAGE_S3_REGION": "us-east-1",
        "STORAGE_S3_KEY_ID": KEY_ID,
        "STORAGE_S3_SECRET": SECRET,
    }
    log = tmp_path / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS["web"]],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def answers() -> bool:
        try:
            return requests.get(f"{url}/health", timeout=2).ok
        except requests.RequestException:
            return False

    try:
        wait_until(answers, lambda: f"no answer\n{log.read_text()[-3000:]}", 60)
        yield SimpleNamespace(url=url, log=log)
    finally:
        process.terminate()
        process.wait(40)


@contextmanager
def idle_transactions_ended(site: Site) -> Iterator[list[str]]:
    """The last statements of the transactions that PostgreSQL ended."""
    ended: list[str] = []
    stop = threading.Event()

    def end() -> None:
        while not stop.wait(0.2):
            ended.extend(
                str(row[0])
                for row in site.ask(
                    "select query, pg_terminate_backend(pid) from pg_stat_activity"
                    " where state = 'idle in transaction' and usename like 'laudo%%'"
                    " and state_change < clock_timestamp() - make_interval(secs => %s)",
                    IDLE_SECONDS,
                )
            )

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield ended
    finally:
        stop.set()
        thread.join()


def sign_in(web: SimpleNamespace, person) -> Client:
    client = Client(web, person)  # type: ignore[arg-type]
    client.log_in()
    return client


def save(client: Client, report_id: UUID, value: str, row_version: int) -> int:
    form = {
        "value": value,
        "comment": "",
        "row_version": str(row_version),
        "client_id": str(uuid4()),
    }
    return client.post(f"/reports/{report_id}/fields/note", form)


@pytest.mark.parametrize("held", [1, 2])
def test_slow_photos_in_one_form_delay_nobody_else(site: Site, web, bucket, held):
    """Whichever of the three puts is slow, another person's saves are answered meanwhile, and all
    three photos are stored in the end."""
    tess, tom = sign_in(web, site.cast.tess), sign_in(web, site.cast.tom)
    (mine,) = make_reports(site, 1, person=site.cast.tess)
    (theirs,) = make_reports(site, 1, person=site.cast.tom)
    pictures = [a_jpeg() for _each in range(3)]
    bucket.hold(held)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(tess.post_files, f"/reports/{mine}/fields/place/photos", pictures)
        try:
            assert bucket.reached.wait(20), web.log.read_text()[-3000:]
            for version in range(3):
                assert save(tom, theirs, f"while it waits {version}", version) == 200
            with idle_transactions_ended(site) as ended:
                time.sleep(2.5 * IDLE_SECONDS)  # idle transactions have been ended by then
            assert not upload.done()
        finally:
            bucket.go.set()
        assert upload.result(30) == 303, web.log.read_text()[-3000:]
    assert ended == []
    assert site.ask("select count(*) from photos where report_id = %s", str(mine)) == [(3,)]

"""A storage that takes its time holds up nobody but whoever waits for it.

A web process of its own keeps its files in a bucket behind a proxy that holds a put back until the
test lets it go. Meanwhile transactions that idle are ended after a second, as PostgreSQL does
after 30.
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
from app.embedded import free_port
from tests.faults.people import Client, make_reports
from tests.faults.site import COMMANDS, Site, wait_until
from tests.pictures import a_jpeg
from tests.storage.conftest import moto_url  # noqa: F401
from tests.storage.proxy import Proxy
from tests.storage.stages import BUCKET, KEY_ID, SECRET

IDLE_SECONDS = 1.0


class SlowBucket(Proxy):
    """Holds the put of one original back, the `number`th: `reached` is set then, until `go` is."""

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
        "s3", endpoint_url=moto_url, region_name="us-east-1", aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )  # fmt: skip
    raw.create_bucket(Bucket=BUCKET)
    yield proxy
    proxy.close()
    for one in raw.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        raw.delete_object(Bucket=BUCKET, Key=one["Key"])
    raw.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def web(site: Site, bucket: SlowBucket, tmp_path) -> Iterator[SimpleNamespace]:
    """The site's servers behind one more web process, whose files lie in the bucket."""
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
            [sys.executable, *COMMANDS["web"]], cwd=ROOT, env=environment,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

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
    """The last statements of those that were ended."""
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
    form = {"value": value, "comment": "", "row_version": str(row_version),
            "client_id": str(uuid4())}  # fmt: skip
    return client.post(f"/reports/{report_id}/fields/note", form)


@pytest.mark.parametrize("held", [1, 2])
def test_photos_in_one_form_hold_up_no_other_person(site: Site, web, bucket, held):
    """Whichever of three puts takes its time: another person's saves are answered meanwhile, and
    the three photos are all there in the end."""
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
                time.sleep(2.5 * IDLE_SECONDS)  # what idled since the put began is ended by then
            assert not upload.done()
        finally:
            bucket.go.set()
        assert upload.result(30) == 303, web.log.read_text()[-3000:]
    assert ended == []
    assert site.ask("select count(*) from photos where report_id = %s", str(mine)) == [(3,)]

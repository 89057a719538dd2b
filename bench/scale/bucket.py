"""moto's S3 server in a process of its own: python -m bench.scale.bucket PORT.

It keeps objects in memory, so what is proved about losses excludes it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import requests
from moto.server import ThreadedMotoServer

from app.config import ROOT
from app.local.embedded import free_port
from tests.faults.site import wait_until

BUCKET = "laudo"
KEY_ID, SECRET, REGION = "testing", "testing", "us-east-1"
# The bucket is another machine in truth.
NICENESS = 10


class RunningBucket:
    """The server with an empty bucket; `settings` are Laudo's, by environment variable."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )
        self.client.create_bucket(Bucket=BUCKET)
        self.settings: Mapping[str, str] = {
            "STORAGE_S3_BUCKET": BUCKET,
            "STORAGE_S3_ENDPOINT_URL": url,
            "STORAGE_S3_REGION": REGION,
            "STORAGE_S3_KEY_ID": KEY_ID,
            "STORAGE_S3_SECRET": SECRET,
        }


@contextmanager
def running_bucket(log: Path) -> Iterator[RunningBucket]:
    port = free_port()
    command = [sys.executable, "-m", "bench.scale.bucket", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _is_there(url), "moto's server did not answer", 60)
        yield RunningBucket(process, url)
    finally:
        process.terminate()
        process.wait(20)


def _is_there(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


def main(port: int) -> None:
    os.nice(NICENESS)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = ThreadedMotoServer("127.0.0.1", port)
    server.start()
    ended.wait()
    server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))

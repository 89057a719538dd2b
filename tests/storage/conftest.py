"""Both storages, each in its own place. moto's server runs once per test process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.storage.stages import LocalStage, S3Stage, Stage, small_disk


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(moto_url: str) -> Iterator[S3Stage]:
    stage = S3Stage(moto_url)
    yield stage
    stage.close()


@pytest.fixture(params=["local", "s3"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "s3":
        yield request.getfixturevalue("s3")
        return
    with small_disk(tmp_path / "disk") as root:
        yield LocalStage(root)

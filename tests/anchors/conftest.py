from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app import create_app
from app.extensions import db
from app.models import Actor
from tests.anchors.stage import Stage
from tests.conftest import settings_for
from tests.support import servers as test_servers


@pytest.fixture
def stage(tmp_path: Path, cast) -> Iterator[Stage]:
    running = test_servers.current()
    name = running.clone(f"laudo_anchors_{uuid4().hex[:8]}")
    folder = tmp_path / "anchors"
    app = create_app(settings_for(name, tmp_path / "storage", anchor_dir=folder))
    yield Stage(app, name, cast.acme, Actor(cast.ana.name, cast.ana.role, cast.ana.id), folder)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()
    running.drop(name)


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of an S3 server with an empty bucket `anchors-outside`."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    ).create_bucket(Bucket="anchors-outside")
    yield url
    server.stop()

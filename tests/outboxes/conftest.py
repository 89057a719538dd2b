"""A report of Tess, her phone, and an admin who imports what the phone could not send."""

from __future__ import annotations

import io
import re

import pytest

from tests.support import scenarios
from tests.support.phone import Phone

URL = "/company/unsent-work"
CHECKED = re.compile(r'name="checked" value="([0-9a-f]{64})"')


class Desk:
    """The page on which an admin imports files."""

    def __init__(self, client) -> None:
        self.client = client

    def post(self, data: bytes | None, **entries):
        file = {"file": (io.BytesIO(data), "unsent.zip")} if data is not None else {}
        headers = {"HX-Request": "true"}
        return self.client.post(URL, data={**file, **entries}, headers=headers)

    def check(self, data: bytes) -> str:
        response = self.post(data, step="check")
        assert response.status_code == 200, response.text
        return response.text

    def take_in(self, data: bytes) -> str:
        """Check the file, then import it, as a person does."""
        checked = CHECKED.search(self.check(data))
        assert checked
        response = self.post(data, step="import", checked=checked[1])
        assert response.status_code == 200, response.text
        return response.text


@pytest.fixture
def report_id(acting, cast):
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor).id


@pytest.fixture
def max_report(acting, cast):
    """A report that Tess may not see."""
    with acting(cast.max) as actor:
        return scenarios.a_report(actor).id


@pytest.fixture
def tess(client_of, cast, report_id):
    return Phone(client_of(cast.tess), report_id)


@pytest.fixture
def desk(client_of, cast):
    return Desk(client_of(cast.ana))

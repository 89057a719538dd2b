"""One running stack for all tests of this folder that need one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.operations.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    name = f"laudo_operations_{uuid4().hex[:8]}"
    with running_stack(tmp_path_factory.mktemp("operations"), name) as running:
        yield running

"""What a person does whose time must not grow with other companies' data."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from uuid import uuid4

from bench.growth.worlds import Grown

Act = Callable[[], None]
VERSION = re.compile(r'name="row_version"[^>]*value="(\d+)"')


def acts_of(world: Grown) -> dict[str, Act]:
    """The acts by name. Each fails loudly if its page does not answer."""
    report = f"/reports/{world.report_id}"

    def page(address: str) -> Act:
        def get() -> None:
            answer = world.client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)

        return get

    return {
        "list of reports": page("/reports/"),
        "search of two words": page("/reports/?search=energizacao+000123"),
        "search, nothing found": page("/reports/?search=zzzz"),
        "fill page": page(f"{report}/fill"),
        "report page": page(report),
        "audit page": page("/audit"),
        "one save": _saving(world),
    }


def _saving(world: Grown) -> Act:
    turn, version = count(), [1]

    def save() -> None:
        answer = world.client.post(
            f"/reports/{world.report_id}/fields/s0_f1",
            data={
                "value": f"words {next(turn)}",
                "row_version": str(version[0]),
                "client_id": str(uuid4()),
                "client_at": "2026-01-01T00:00:00Z",
            },
            headers={"HX-Request": "true"},
        )
        found = VERSION.search(answer.text)
        assert answer.status_code == 200 and found, answer.text
        version[0] = int(found.group(1))

    return save

"""One person's browser at the builder of a checklist."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import Version

HTMX = {"HX-Request": "true"}


def start(client, code: str = "COM-001", second: str = "pt") -> UUID:
    answer = client.post(
        "/checklists/build",
        data={"title": "Board", "code": code, "first": "en", "second": second},
    )
    assert answer.status_code == 303, answer.text
    return UUID(answer.location.split("/")[-2])


class Desk:
    """One person's browser at the builder of one draft."""

    def __init__(self, client, draft: UUID) -> None:
        self.client, self.url = client, f"/checklists/versions/{draft}/edit"

    def page(self) -> str:
        answer = self.client.get(self.url)
        assert answer.status_code == 200
        return str(answer.text)

    def open(self, part: str, node_id: str) -> dict[str, str]:
        """The hidden inputs of the form of a part."""
        answer = self.client.get(f"{self.url}/{part}/{node_id}", headers=HTMX)
        assert answer.status_code == 200, answer.text
        form = answer.text[answer.text.index("data-settings") :]
        return {
            name: re.search(rf'name="{name}" value="([^"]*)"', form)[1]
            for name in ("editor", "base", "has")
        }

    def add(self, part: str, text: str, **more: str) -> str:
        answer = self.client.post(
            f"{self.url}/add/{part}", data={"text": text, **more}, headers=HTMX
        )
        assert answer.status_code == 200, answer.text
        return str(re.search(rf'id="{part}-([a-z0-9_]+)"', answer.text)[1])

    def save(self, part: str, node_id: str, form: dict[str, Any], **values: Any):
        names = {name.replace("__", "."): value for name, value in values.items()}
        data = {**form, "has": " ".join(names), **names}
        return self.client.post(f"{self.url}/{part}/{node_id}", data=data, headers=HTMX)

    def act(self, verb: str, **data: str):
        return self.client.post(f"{self.url}/{verb}", data=data, headers=HTMX)


def draft_of(acting, cast) -> dict[str, Any]:
    with acting(cast.max):
        return db.session.scalars(select(Version)).one().body

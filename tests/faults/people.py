"""People at work during faults: they log in, fill, photograph and submit over real HTTP.

Each client keeps a ledger of what the server acknowledged, which truth.py checks afterwards.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import requests

from app.definition.schema import (
    CommentPolicy,
    Field,
    FieldType,
    Option,
    PhotoMode,
    PhotoPolicy,
    Section,
    Text,
)
from app.extensions import db
from app.models import Answer
from tests.faults.site import Site
from tests.support import scenarios
from tests.support.cast import PASSWORD, Person

TOKEN = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')
NO_PHOTOS = PhotoPolicy(mode=PhotoMode.NONE, max=0)
RETRY_SECONDS = 60.0


@dataclass(frozen=True)
class Save:
    report_id: UUID
    field_id: str
    client_id: UUID
    value: str


@dataclass
class Client:
    """One browser with its session. `statuses` counts every answer; 0 means no answer."""

    site: Site
    person: Person
    statuses: Counter[int] = field(default_factory=Counter)
    saves: list[Save] = field(default_factory=list)
    refusals: list[tuple[float, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.headers["HX-Request"] = "true"
        self._token = ""

    def log_in(self) -> int:
        page = self._session.get(f"{self.site.url}/login", headers={"HX-Request": ""}, timeout=30)
        self._token = TOKEN.search(page.text)[1]  # type: ignore[index]
        answer = self.post("/login", {"email": self.person.email, "password": PASSWORD})
        page = self._session.get(f"{self.site.url}/", headers={"HX-Request": ""}, timeout=30)
        self._token = TOKEN.search(page.text)[1]  # type: ignore[index]
        return answer

    def get(self, path: str) -> requests.Response:
        answer = self._session.get(f"{self.site.url}{path}", headers={"HX-Request": ""}, timeout=30)
        self._note(answer.status_code, answer.headers)
        return answer

    def post(
        self,
        path: str,
        form: dict[str, str] | None = None,
        file: bytes | None = None,
    ) -> int:
        """The status of the answer; 0 if the connection broke."""
        return self._post(path, form, [file] if file else [])

    def post_files(self, path: str, files: Sequence[bytes]) -> int:
        """Several photos in one plain form."""
        return self._post(path, None, files, **{"HX-Request": ""})

    def _post(
        self, path: str, form: dict[str, str] | None, pictures: Sequence[bytes], **headers: str
    ) -> int:
        files = [("file", ("photo.jpg", one, "image/jpeg")) for one in pictures] or None
        try:
            answer = self._session.post(
                f"{self.site.url}{path}",
                data=form,
                files=files,
                timeout=30,
                headers={"X-CSRFToken": self._token, **headers},
                allow_redirects=False,
            )
        except requests.RequestException:
            self._note(0, {})
            return 0
        self._note(answer.status_code, answer.headers)
        return answer.status_code

    def insist(self, path: str, form: dict[str, str], file: bytes | None = None) -> int:
        """Post as the phone's queue does: repeat until the server accepts or refuses it."""
        deadline = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < deadline:
            status = self.post(path, form, file)
            if status not in (0, 503):
                return status
            time.sleep(0.1)
        raise AssertionError(f"{path} was not taken within {RETRY_SECONDS} s: {self.statuses}")

    def save(self, report_id: UUID, field_id: str, value: str, row_version: int) -> int:
        """One autosave, repeated until it is acknowledged; then it is added to `saves`."""
        one = Save(report_id, field_id, uuid4(), value)
        form = {
            "value": value,
            "comment": "",
            "row_version": str(row_version),
            "client_id": str(one.client_id),
        }
        status = self.insist(f"/reports/{report_id}/fields/{field_id}", form)
        if status == 200:
            self.saves.append(one)
        return status

    def submit(self, report_id: UUID) -> int:
        return self.post(f"/reports/{report_id}/submit")

    def _note(self, status: int, headers: object) -> None:
        self.statuses[status] += 1
        if status >= 500:
            retry = headers.get("Retry-After", "")  # type: ignore[attr-defined]
            self.refusals.append((time.time(), status, retry))


def upload_form(data: bytes, client_id: UUID) -> dict[str, str]:
    return {"client_id": str(client_id), "sha256": hashlib.sha256(data).hexdigest()}


def _table(number: int, rows: int) -> Field:
    columns = tuple(
        Option(id=f"c{one}", label=Text(en=f"Column {one}", pt=f"Coluna {one}")) for one in range(2)
    )
    return Field(
        id=f"table_{number}",
        type=FieldType.TABLE,
        photos=NO_PHOTOS,
        comment=CommentPolicy.OFF,
        label=Text(en=f"Measurements {number}", pt=f"Medições {number}"),
        columns=columns,
        rows=tuple(
            Option(id=f"r{one}", label=Text(en=f"Terminal {one}", pt=f"Borne {one}"))
            for one in range(rows)
        ),
    )


def make_reports(
    site: Site, count: int, *, rows: int = 0, person: Person | None = None
) -> list[UUID]:
    """Reports that are ready to submit. Each 100 `rows` take nearly a second to render.

    Each has a note ('note', for autosaves) and takes photos at 'place'.
    """
    person = person or site.cast.tess
    tables = tuple(_table(number, min(rows, 200)) for number in range(-(-rows // 200)))
    fields = (
        Field(
            id="note",
            type=FieldType.TEXT,
            label=Text(en="Note", pt="Nota"),
            required=False,
            photos=NO_PHOTOS,
        ),
        Field(
            id="place",
            type=FieldType.VERDICT,
            label=Text(en="Place", pt="Local"),
            photos=PhotoPolicy(max=50),
        ),
        *tables,
    )
    section = Section(id="all", title=Text(en="All", pt="Tudo"), fields=fields)
    with site.acting(person) as actor:
        version = scenarios.a_checklist(
            actor,
            scenarios.a_definition(
                code=f"F{uuid4().hex[:8].upper()}",
                info_fields=(),
                sections=(section,),
                signature_roles=(),
            ),
        )
        project = scenarios.a_project(actor)
        made = []
        for _number in range(count):
            report = scenarios.a_report(actor, version=version, project=project)
            made.append(report.id)
            values = {"place": "ok", **{one.id: _cells(one) for one in tables}}
            db.session.add_all(
                Answer(
                    report_id=report.id,
                    field_id=field_id,
                    value=value,
                    comment="",
                    na_reason="",
                    answered_by=actor.account_id,
                    answered_at=report.created_at,
                )
                for field_id, value in values.items()
            )
            db.session.commit()
    return made


def _cells(table: Field) -> dict[str, dict[str, str]]:
    return {key: {"text": "0.25", "decimal": "0.25"} for key, _row, _column in table.cells()}

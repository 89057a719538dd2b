"""Phones that send operations again, out of order and too early, over connections that are cut.

Two phones share a report. Each has fields of its own, in which its operations form a chain; a field
that both answer at once ends in one answer and one conflict. What the server must hold afterwards
is known before anything is sent.

A kind joins by a maker in `_of_phone`: it adds operations with the verdict that each must get.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

import requests
from sqlalchemy import select

from app.definition.schema import CommentPolicy, Definition, Field, FieldType, Limits, Section, Text
from app.extensions import db
from app.models import Answer, AuditEntry, EditConflict, Receipt
from tests.faults.people import NO_PHOTOS, Client
from tests.faults.site import Site
from tests.support import scenarios

FIELDS = 4
SHARED = "shared"
THREADS = 8
MOST_TIMES = 5
EARLY = 0.15
SETTLE_SECONDS = 120.0


@dataclass
class Sent:
    """One operation. `verdict` is what it must get; None if that depends on who comes first.

    `answers` are the verdicts that arrived, whole.
    """

    report: UUID
    field_id: str
    value: str
    verdict: str | None
    client_id: UUID = field(default_factory=uuid4)
    after: Sent | None = None
    version: int | None = None
    answers: list[dict] = field(default_factory=list)

    @property
    def form(self) -> dict[str, str]:
        entries = {
            "kind": "answer",
            "field_id": self.field_id,
            "client_id": str(self.client_id),
            "value": self.value,
        }
        if self.after:
            return {**entries, "after": str(self.after.client_id)}
        return {**entries, "base_version": "0"}

    @property
    def is_settled(self) -> bool:
        return any(one["verdict"] != "early" for one in self.answers)


@dataclass
class Run:
    operations: list[Sent]
    statuses: Counter[int] = field(default_factory=Counter)
    early: int = 0


def _definition(phones: int) -> Definition:
    def one(field_id: str, type: FieldType, **more: object) -> Field:
        label = Text(en=field_id, pt=field_id)
        shape = {"photos": NO_PHOTOS, "comment": CommentPolicy.OFF, "required": False, **more}
        return Field(id=field_id, type=type, label=label, **shape)  # type: ignore[arg-type]

    names = [_name(phone, number) for phone in range(phones) for number in range(FIELDS)]
    fields = [one(name, FieldType.NUMBER, limits=Limits(unit="V")) for name in names]
    section = Section(
        id="all", title=Text(en="All", pt="Tudo"), fields=(*fields, one(SHARED, FieldType.TEXT))
    )
    return scenarios.a_definition(
        code=f"P{uuid4().hex[:8].upper()}",
        info_fields=(),
        sections=(section,),
        signature_roles=(),
    )


def _name(phone: int, number: int) -> str:
    return f"phone_{phone}_{number}"


def plan(site: Site, devices: int, each: int, random: Random) -> list[Sent]:
    """The operations of all devices, two to a report; each device has `each` of them."""
    operations: list[Sent] = []
    with site.acting(site.cast.tess) as actor:
        version = scenarios.a_checklist(actor, _definition(2))
        project = scenarios.a_project(actor)
        reports = [
            scenarios.a_report(actor, version=version, project=project).id
            for _pair in range(-(-devices // 2))
        ]
    for device in range(devices):
        operations += _of_phone(reports[device // 2], device % 2, each, random)
    return operations


def _of_phone(report: UUID, phone: int, each: int, random: Random) -> Iterator[Sent]:
    yield Sent(report, SHARED, f"by phone {phone}", None)
    newest: dict[str, Sent] = {}
    versions: Counter[str] = Counter()
    for number in range(each - 1):
        name = _name(phone, random.randrange(FIELDS))
        is_bad = random.random() < 0.15
        versions[name] += not is_bad
        newest[name] = Sent(
            report,
            name,
            "about five" if is_bad else str(number + 1),
            "refused" if is_bad else "applied",
            after=newest.get(name),
            version=None if is_bad else versions[name],
        )
        yield newest[name]


def shuffled(operations: Sequence[Sent], random: Random) -> list[Sent]:
    """Each operation one to five times, in any order across fields, in a field mostly in order."""
    chains: defaultdict[tuple[UUID, str, UUID], list[Sent]] = defaultdict(list)
    for one in operations:
        alone = one.client_id if one.field_id == SHARED else UUID(int=0)
        chains[one.report, one.field_id, alone].append(one)
    lists = list(chains.values())
    for chain in lists:
        for at in range(len(chain) - 1):
            if random.random() < EARLY:
                chain[at], chain[at + 1] = chain[at + 1], chain[at]
    turns: list[Sent] = []
    while lists := [chain for chain in lists if chain]:
        one = random.choice(lists).pop(0)
        turns += [one] * random.randint(1, MOST_TIMES)
    return turns


def run(site: Site, proxy_port: int, operations: list[Sent], random: Random) -> Run:
    """Send everything, then whatever has no verdict yet, until all have one."""
    done = Run(operations)
    session = _Sender(site, proxy_port, done)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(session.send, shuffled(operations, random)))
        end = time.monotonic() + SETTLE_SECONDS
        while waiting := [one for one in operations if not one.is_settled]:
            assert time.monotonic() < end, f"{len(waiting)} have no verdict: {done.statuses}"
            list(pool.map(session.send, waiting))
    return done


class _Sender:
    """Posts with one session's cookie and token, each request on a connection of its own."""

    def __init__(self, site: Site, proxy_port: int, done: Run) -> None:
        client = Client(site, site.cast.tess)
        assert client.log_in() == 200
        self._url, self._done = f"http://127.0.0.1:{proxy_port}", done
        self._cookies = client._session.cookies.get_dict()
        self._headers = {
            "X-Requested-With": "fetch",
            "Connection": "close",
            "Host": site.url.removeprefix("http://"),
        }
        page = client._session.get(f"{site.url}/session.json", timeout=30).json()
        self._headers["X-CSRFToken"] = page["csrf_token"]

    def send(self, one: Sent) -> None:
        try:
            answer = requests.post(
                f"{self._url}/reports/{one.report}/operations",
                data=one.form,
                headers=self._headers,
                cookies=self._cookies,
                timeout=60,
            )
            verdict = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError):
            self._done.statuses[0] += 1
            return
        self._done.statuses[answer.status_code] += 1
        if verdict is not None:
            self._done.early += verdict["verdict"] == "early"
            one.answers.append(verdict)


# --- what must be true afterwards ---------------------------------------------------------------


def wrong(site: Site, done: Run) -> list[str]:
    """A sentence for each operation or field that is not as it must be."""
    with site.acting(site.cast.tess):
        return [
            *_wrong_verdicts(done.operations),
            *_wrong_receipts(done.operations),
            *_wrong_answers(done.operations),
            *_wrong_conflicts(done.operations),
        ]


def _wrong_verdicts(operations: Sequence[Sent]) -> Iterator[str]:
    for one in operations:
        heard = [each for each in one.answers if each["verdict"] != "early"]
        firsts = [each for each in heard if each["verdict"] != "known"]
        said = {each["was"] or each["verdict"] for each in heard}
        if len(firsts) > 1 or len(said) != 1 or (one.verdict and said != {one.verdict}):
            yield f"{one.field_id} {one.value}: {[each['verdict'] for each in heard]}"
        versions = {each["row_version"] for each in heard}
        if one.version is not None and versions != {one.version}:
            yield f"{one.field_id} {one.value}: versions {versions}, not {one.version}"


def _wrong_receipts(operations: Sequence[Sent]) -> Iterator[str]:
    reports = {one.report for one in operations}
    rows = db.session.execute(
        select(Receipt.client_id, Receipt.verdict).where(Receipt.report_id.in_(reports))
    )
    kept = {client_id: verdict.value for client_id, verdict in rows}
    if kept.keys() != {one.client_id for one in operations}:
        yield f"{len(kept)} receipts for {len(operations)} operations"
    for one in operations:
        heard = next(each["was"] or each["verdict"] for each in one.answers if each["at"])
        if kept.get(one.client_id) != heard:
            yield f"{one.field_id} {one.value}: receipt {kept.get(one.client_id)}, heard {heard}"


def _wrong_answers(operations: Sequence[Sent]) -> Iterator[str]:
    """The history of each field is its applied operations, each once and in their order."""
    reports = {one.report for one in operations}
    expected: defaultdict[tuple[UUID, str], list[str]] = defaultdict(list)
    for one in operations:
        if one.verdict == "applied":
            expected[one.report, one.field_id].append(one.value)
    history: defaultdict[tuple[UUID, str], list[str]] = defaultdict(list)
    bodies = db.session.execute(
        select(AuditEntry.object_id, AuditEntry.body)
        .where(AuditEntry.object_id.in_(reports), AuditEntry.action == "answer.saved")
        .order_by(AuditEntry.sequence)
    )
    for report, body in bodies:
        facts = json.loads(body)["facts"]
        if facts["field"] != SHARED:
            history[report, facts["field"]].append(facts["new"]["value"]["text"])
    if history != expected:
        yield f"history of {[key for key in expected if history[key] != expected[key]]}"
    for row in db.session.scalars(select(Answer).where(Answer.report_id.in_(reports))):
        last = expected.get((row.report_id, row.field_id), [""])[-1]
        if row.field_id != SHARED and row.value["text"] != last:
            yield f"{row.field_id} ends with {row.value}, not {last}"


def _wrong_conflicts(operations: Sequence[Sent]) -> Iterator[str]:
    """Of two answers to one field, one is stored and the other waits."""
    for report in {one.report for one in operations}:
        here = Answer.report_id == report, Answer.field_id == SHARED
        stored = list(db.session.scalars(select(Answer.value).where(*here)))
        waiting = list(
            db.session.scalars(select(EditConflict.value).where(EditConflict.report_id == report))
        )
        sent = [one.value for one in operations if (one.report, one.field_id) == (report, SHARED)]
        if sorted([*stored, *waiting]) != sorted(sent) or len(stored) != 1:
            yield f"shared field: stored {stored}, waiting {waiting}, sent {sent}"

"""An outage of the web under many phones: the real outbox of each, in Node over a database in memory.

Each phone captures its work while the web is away. What the phones report is compared with what the
server holds, second by second from its return on. Meanwhile another person saves answers.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from statistics import quantiles
from uuid import UUID, uuid4

from app.definition.schema import CommentPolicy, Field, FieldType, PhotoPolicy, Section, Text
from tests.assets.building import node
from tests.browser.gate import Gate
from tests.faults.people import NO_PHOTOS, Client, make_reports
from tests.faults.site import Site
from tests.support import scenarios
from tests.support.pictures import a_jpeg

Away = Callable[[Site, Gate], AbstractContextManager[None]]

SCRIPT = Path(__file__).with_suffix(".mjs")
ANSWERS = 20
PHOTOS = 2
PHOTO_BYTES = 1_000_000
PLACE = "place"
FIELDS = [f"question_{number:02}" for number in range(ANSWERS)]
# How long nobody may wait in vain.
MOST_SECONDS = 150.0
CALM_SECONDS = 3.0


@dataclass
class Outage:
    """Seconds count from the return of the web: the moment at which it answers again."""

    phones: int
    back: Counter[int] = field(default_factory=Counter)
    settled: Counter[int] = field(default_factory=Counter)
    last_back: float = 0.0
    last: float = 0.0
    calm: list[float] = field(default_factory=list)
    autosaves: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def operations(self) -> int:
        return self.phones * (ANSWERS + PHOTOS)

    def __str__(self) -> str:
        return (
            f"{self.phones} phones came back within {self.last_back:.1f} s,"
            f" {dict(sorted(self.back.items()))} in each second;"
            f" all {self.operations} operations were there after {self.last:.1f} s;"
            f" autosaves of others: p95 {p95(self.autosaves):.0f} ms of {len(self.autosaves)},"
            f" before the outage {p95(self.calm):.0f} ms of {len(self.calm)}"
        )


def p95(milliseconds: list[float]) -> float:
    return quantiles(milliseconds, n=20)[-1] if len(milliseconds) > 1 else 0.0


@contextmanager
def cut_off(site: Site, gate: Gate) -> Iterator[None]:
    """The way to the web is gone, for the phones alone."""
    with gate.closed():
        yield


@contextmanager
def stopped(site: Site, gate: Gate) -> Iterator[None]:
    """The web itself is gone. While it starts again, it lets connections wait."""
    site.stop("web")
    yield
    site.start("web")
    site.wait_for_web()


def break_web(site: Site, phones: int, seconds: float, away: Away = cut_off) -> Outage:
    """Take the web away for `seconds` while the phones capture their work."""
    reports = _reports(site, phones)
    tess, tom = Client(site, site.cast.tess), Client(site, site.cast.tom)
    assert tess.log_in() == tom.log_in() == 200
    [other] = make_reports(site, 1, person=site.cast.tom)
    outage = Outage(phones)
    save = _Saver(tom, other, outage.wrong)
    with save.each_moment(outage.calm):
        time.sleep(CALM_SECONDS)
    gate = Gate(site.url)
    with ExitStack() as stack:
        stack.callback(gate.close)
        with away(site, gate):
            events = _Events(stack.enter_context(_running(site, gate.url, tess, reports)))
            events.wait_for("captured", phones)
            time.sleep(seconds)
        began = time.time()
        with save.each_moment(outage.autosaves):
            events.wait_for("empty", phones)
    _count(outage, events.all, began)
    outage.wrong += _wrong(site, reports, events.all)
    return outage


def _reports(site: Site, phones: int) -> list[UUID]:
    def one(field_id: str, type: FieldType, photos: PhotoPolicy) -> Field:
        return Field(
            id=field_id,
            type=type,
            label=Text(en=field_id, pt=field_id),
            photos=photos,
            comment=CommentPolicy.OFF,
            required=False,
        )

    fields = [one(name, FieldType.TEXT, NO_PHOTOS) for name in FIELDS]
    fields.append(one(PLACE, FieldType.VERDICT, PhotoPolicy(max=PHOTOS)))
    section = Section(id="all", title=Text(en="All", pt="Tudo"), fields=tuple(fields))
    definition = scenarios.a_definition(
        code=f"O{uuid4().hex[:8].upper()}",
        info_fields=(),
        sections=(section,),
        signature_roles=(),
    )
    with site.acting(site.cast.tess) as actor:
        version = scenarios.a_checklist(actor, definition)
        project = scenarios.a_project(actor)
        return [
            scenarios.a_report(actor, version=version, project=project).id for _one in range(phones)
        ]


@contextmanager
def _running(
    site: Site, url: str, client: Client, reports: list[UUID]
) -> Iterator[subprocess.Popen[str]]:
    picture = site.folder / "phone.jpg"
    picture.write_bytes(a_jpeg())
    cookies = client._session.cookies.get_dict()
    given = {
        "url": url,
        "account": str(client.person.id),
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "phones": [{"report": str(one), "answers": FIELDS, "photos": PHOTOS} for one in reports],
        "place": PLACE,
        "photo": str(picture),
        "bytes": PHOTO_BYTES,
    }
    process = subprocess.Popen(
        [node(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin
        process.stdin.write(json.dumps(given))
        process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait(10)


class _Events:
    """What the phones say, read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.all: list[dict[str, object]] = []
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.all.append(json.loads(line))

    def wait_for(self, what: str, phones: int) -> None:
        end = time.monotonic() + MOST_SECONDS
        while len({one["phone"] for one in list(self.all) if one["what"] == what}) < phones:
            assert self._process.poll() is None, "the phones ended"
            assert time.monotonic() < end, f"not {what}: {Counter(e['what'] for e in self.all)}"
            time.sleep(0.05)


class _Saver:
    """Another person, who saves an answer four times a second."""

    def __init__(self, client: Client, report: UUID, wrong: list[str]) -> None:
        self._client, self._report, self._wrong = client, report, wrong
        self._version = 0

    @contextmanager
    def each_moment(self, took: list[float]) -> Iterator[None]:
        """Adds to `took` how many milliseconds each save took."""
        over = threading.Event()

        def save() -> None:
            while not over.wait(0.25):
                took.append(self._save())

        thread = threading.Thread(target=save)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)

    def _save(self) -> float:
        version = str(self._version)
        form = {"value": f"words {version}", "client_id": str(uuid4()), "row_version": version}
        began = time.monotonic()
        status = self._client.post(f"/reports/{self._report}/fields/note", form)
        self._version += 1
        if status != 200:
            self._wrong.append(f"an autosave of another person got {status}")
        return 1000 * (time.monotonic() - began)


def _count(outage: Outage, events: list[dict[str, object]], began: float) -> None:
    for one in events:
        after = float(str(one.get("asked", one["at"]))) / 1000 - began
        if one["what"] == "back":
            # A server that starts lets connections wait: negative, if they came before its return.
            outage.back[floor(after)] += 1
            outage.last_back = max(outage.last_back, after)
        if one["what"] == "settled":
            outage.settled[floor(after)] += 1
            outage.last = max(outage.last, after)


def _wrong(site: Site, reports: list[UUID], events: list[dict[str, object]]) -> list[str]:
    """What is missing, there twice, or not what the phone captured."""
    wrong = [f"parked on the phone: {one}" for one in events if one["what"] == "parked"]
    settled = Counter(str(one["clientId"]) for one in events if one["what"] == "settled")
    wrong += [f"settled {times} times: {one}" for one, times in settled.items() if times > 1]
    for phone, report in enumerate(reports):
        answers = site.ask("select field_id, value from answers where report_id = %s", str(report))
        if sorted(answers) != [(name, f"phone {phone}") for name in FIELDS]:
            wrong.append(f"answers of phone {phone}: {sorted(answers)}")
        photos = site.ask(
            "select p.byte_size, p.client_id::text from photos p"
            " join photo_placements l on l.photo_id = p.id where p.report_id = %s",
            str(report),
        )
        if [size for size, _id in photos] != [PHOTO_BYTES] * PHOTOS:
            wrong.append(f"photos of phone {phone}: {photos}")
        receipts = site.ask(
            "select client_id::text from receipts where verdict = 'applied' and report_id = %s",
            str(report),
        )
        if len(receipts) != ANSWERS + PHOTOS or not {one[0] for one in receipts} <= settled.keys():
            wrong.append(f"receipts of phone {phone}: {len(receipts)}")
    return wrong

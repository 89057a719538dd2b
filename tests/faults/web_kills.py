"""SIGKILL of the web at a random moment of an upload or a submit; the phone retries."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random
from threading import Thread
from uuid import UUID, uuid4

from tests.faults.people import Client, make_reports, upload_form
from tests.faults.site import Site, children, kill, wait_until
from tests.support.pictures import a_jpeg


@dataclass
class WebKills:
    """`landed` counts the kills that left a client without an answer."""

    photos: list[UUID] = field(default_factory=list)
    reports: list[UUID] = field(default_factory=list)
    kills: int = 0
    landed: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"upload": 0.1, "submit": 0.1})
    slowest_return: float = 0.0


def strike_uploads_and_submits(site: Site, client: Client, kills: int, random: Random) -> WebKills:
    """Half of the kills hit uploads, half submits; each request is repeated until accepted."""
    done = WebKills()
    (album, *reports) = make_reports(site, 1 + kills)
    _measure(client, done, album, reports.pop())
    for number in range(kills):
        if number % 2:
            client_id, data = uuid4(), a_jpeg((1200, 900))
            form = upload_form(data, client_id)
            path = f"/reports/{album}/fields/place/photos"
            _strike(site, client, done, random, "upload", path, form, data)
            done.photos.append(client_id)
            if len(done.photos) % 45 == 0:  # a field takes fifty
                (album,) = make_reports(site, 1)
        else:
            report = reports.pop()
            _strike(site, client, done, random, "submit", f"/reports/{report}/submit", {}, None)
            done.reports.append(report)
    return done


def _measure(client: Client, done: WebKills, album: UUID, report: UUID) -> None:
    """Measure the undisturbed durations, so that the kills hit in the middle."""
    client_id, data = uuid4(), a_jpeg((1200, 900))
    posts = {
        "upload": (f"/reports/{album}/fields/place/photos", upload_form(data, client_id), data),
        "submit": (f"/reports/{report}/submit", {}, None),
    }
    for kind, (path, form, file) in posts.items():
        started = time.monotonic()
        assert client.insist(path, form, file) in (200, 201)
        done.seconds[kind] = time.monotonic() - started
    done.photos.append(client_id)
    done.reports.append(report)


def _strike(
    site: Site,
    client: Client,
    done: WebKills,
    random: Random,
    kind: str,
    path: str,
    form: dict[str, str],
    file: bytes | None,
) -> None:
    unanswered = client.statuses[0]
    taken: list[int] = []
    person = Thread(target=lambda: taken.append(client.insist(path, form, file)), daemon=True)
    arbiter = site.processes["web"].pid
    wait_until(lambda: children(arbiter), "the web has no worker", 30)
    victims = children(arbiter)
    person.start()
    time.sleep(random.uniform(0, done.seconds[kind]))
    is_in_hand = not taken
    for pid in victims:
        kill(pid)
    killed = time.monotonic()
    person.join(90)
    assert taken and taken[0] in (200, 201), (kind, taken, client.statuses)
    done.kills += 1
    if is_in_hand and client.statuses[0] > unanswered:
        done.landed += 1
    else:
        # It finished before the kill: the measured first one was slow because of cold caches.
        done.seconds[kind] /= 2
    done.slowest_return = max(done.slowest_return, time.monotonic() - killed)

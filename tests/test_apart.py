"""Children of an interpreter of their own: what they see, their limits, and how many there are."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.apart import Apart, Busy, Limit, Limits, TooHeavy
from app.imaging.logo_apart import SIGNATURES as PICTURES
from app.imaging.logo_apart import UnsupportedLogo, clean_logo_apart
from tests.operations.stack import wait_until

LIMITS = Limits(memory_bytes=300 << 20, cpu_seconds=20, seconds=60, output_bytes=4 << 20)


def apart(act: str, *, at_once: int = 1, patience: float = 0, **limits: float) -> Apart:
    changed = replace(LIMITS, **limits)  # type: ignore[arg-type]
    return Apart(f"tests.misbehaving:{act}", changed, at_once=at_once, patience=patience)


def children() -> set[str]:
    """Ids of this thread's child processes; the suite's servers may be among them."""
    task = Path("/proc/self/task") / str(threading.get_native_id()) / "children"
    return set(task.read_text(encoding="ascii").split())


def test_bytes_go_in_and_come_out() -> None:
    outcome = apart("echo").run(b"\0ab" * 1_000_000)
    assert (outcome.status, outcome.output) == (0, b"ba\0" * 1_000_000)


def test_the_child_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the house")
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        seen = json.loads(apart("tell", niceness=5).run(b"").output)
    assert set(seen["environment"]) <= {"PATH", "LC_CTYPE"}
    assert str(tmp_path / "open") not in seen["files"]
    assert not {"flask", "sqlalchemy", "app.config"} & set(seen["modules"])
    assert seen["niceness"] == os.nice(0) + 5


@pytest.mark.parametrize(
    ("act", "limits", "limit"),
    [
        ("hang", {"seconds": 0.5}, Limit.TIME),
        ("spin", {"cpu_seconds": 1}, Limit.PROCESSOR),
        ("eat", {}, Limit.MEMORY),
        ("be_killed", {}, Limit.MEMORY),
    ],
)
def test_a_limit_is_named_and_nothing_is_left(
    act: str, limits: dict[str, float], limit: Limit
) -> None:
    before = children()
    with pytest.raises(TooHeavy) as caught:
        apart(act, **limits).run(b"")
    assert caught.value.limit is limit
    assert children() == before


def test_what_the_parent_ignores_still_stops_the_child() -> None:
    before = signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    try:
        with pytest.raises(TooHeavy) as caught:
            apart("spin", cpu_seconds=1).run(b"")
    finally:
        signal.signal(signal.SIGXCPU, before)
    assert caught.value.limit is Limit.PROCESSOR


@pytest.mark.parametrize("act", ["flood", "scream"])
def test_output_beyond_its_limit_is_not_taken(act: str) -> None:
    outcome = apart(act, output_bytes=1 << 20).run(b"")
    assert outcome.status != 0
    assert len(outcome.output) + len(outcome.complaint) <= 2 << 20


def test_a_failure_comes_back_with_its_words() -> None:
    outcome = apart("fall").run(b"")
    assert outcome.status == 1 and "it fell" in outcome.complaint
    assert apart("crash").run(b"").status == -11


def sent_at_once(
    work: Apart, file: Path, count: int, *, until: Callable[[list[str]], bool]
) -> list[str]:
    """How as many ended whose children wait for the file, which comes when `until` says so."""
    ends: list[str] = []

    def send() -> None:
        try:
            ends.append(str(work.run(str(file).encode()).status))
        except Busy as busy:
            ends.append(str(busy.status))

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    wait_until(lambda: until(ends), lambda: str(ends))
    file.touch()
    for thread in threads:
        thread.join()
    return sorted(ends)


def test_so_many_run_at_once_and_the_rest_is_told_so(tmp_path: Path) -> None:
    work = apart("wait", at_once=2)
    ends = sent_at_once(work, tmp_path / "go", 16, until=lambda ends: len(ends) == 14)
    assert ends == ["0"] * 2 + ["503"] * 14


def test_who_waits_a_little_gets_a_place_that_comes_free(tmp_path: Path) -> None:
    work = apart("wait", patience=60)
    assert sent_at_once(work, tmp_path / "go", 3, until=lambda ends: True) == ["0"] * 3


def test_what_fails_gives_its_place_back() -> None:
    work = apart("hang", seconds=0.2)
    for _ in range(3):
        with pytest.raises(TooHeavy):
            work.run(b"")


def test_a_picture_whose_child_is_stopped_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    for act in ("hang", "eat", "crash"):
        with monkeypatch.context() as patch:
            patch.setattr(PICTURES, "function", f"tests.misbehaving:{act}")
            patch.setattr(PICTURES, "limits", replace(LIMITS, seconds=2))
            with pytest.raises(UnsupportedLogo):
                clean_logo_apart(b"\x89PNG\r\n\x1a\n")

"""Child interpreters: what they can access, their limits, and how many may run."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.imaging.logo_sandbox import SIGNATURES as PICTURES
from app.imaging.logo_sandbox import UnsupportedLogo, clean_logo_sandbox
from app.sandbox import Busy, ChildLimits, ExceededLimit, IsolatedFunction, TooHeavy
from tests.operations.stack import wait_until

LIMITS = ChildLimits(memory_bytes=300 << 20, cpu_seconds=20, seconds=60, output_bytes=4 << 20)


def apart(act: str, *, at_once: int = 1, patience: float = 0, **limits: float) -> IsolatedFunction:
    changed = replace(LIMITS, **limits)  # type: ignore[arg-type]
    return IsolatedFunction(
        f"tests.support.misbehaving:{act}", changed, at_once=at_once, patience=patience
    )


def children() -> set[str]:
    """Ids of this thread's child processes; they may include the suite's servers."""
    task = Path("/proc/self/task") / str(threading.get_native_id()) / "children"
    return set(task.read_text(encoding="ascii").split())


def test_bytes_go_in_and_come_out() -> None:
    outcome = apart("echo").run(b"\0ab" * 1_000_000)
    assert (outcome.status, outcome.output) == (0, b"ba\0" * 1_000_000)


def test_the_child_has_no_access_to_our_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
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
        ("hang", {"seconds": 0.5}, ExceededLimit.TIME),
        ("spin", {"cpu_seconds": 1}, ExceededLimit.PROCESSOR),
        ("allocate", {}, ExceededLimit.MEMORY),
        ("be_killed", {}, ExceededLimit.MEMORY),
    ],
)
def test_an_exceeded_limit_is_named_and_leaves_no_process(
    act: str, limits: dict[str, float], limit: ExceededLimit
) -> None:
    before = children()
    with pytest.raises(TooHeavy) as caught:
        apart(act, **limits).run(b"")
    assert caught.value.limit is limit
    assert children() == before


def test_signals_ignored_by_the_parent_still_stop_the_child() -> None:
    before = signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    try:
        with pytest.raises(TooHeavy) as caught:
            apart("spin", cpu_seconds=1).run(b"")
    finally:
        signal.signal(signal.SIGXCPU, before)
    assert caught.value.limit is ExceededLimit.PROCESSOR


@pytest.mark.parametrize("act", ["flood", "write_stderr"])
def test_output_beyond_the_limit_is_refused(act: str) -> None:
    outcome = apart(act, output_bytes=1 << 20).run(b"")
    assert outcome.status != 0
    assert len(outcome.output) + len(outcome.complaint) <= 2 << 20


def test_a_failure_returns_its_error_output() -> None:
    outcome = apart("fall").run(b"")
    assert outcome.status == 1 and "it fell" in outcome.complaint
    assert apart("crash").run(b"").status == -11


def sent_at_once(
    work: IsolatedFunction, file: Path, count: int, *, until: Callable[[list[str]], bool]
) -> list[str]:
    """The outcomes of `count` concurrent runs whose children wait for `file`, which is written once
    `until` is true."""
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


def test_only_so_many_run_at_once_and_the_others_get_busy(tmp_path: Path) -> None:
    work = apart("wait", at_once=2)
    ends = sent_at_once(work, tmp_path / "go", 16, until=lambda ends: len(ends) == 14)
    assert ends == ["0"] * 2 + ["503"] * 14


def test_a_waiting_caller_gets_a_slot_that_becomes_free(tmp_path: Path) -> None:
    work = apart("wait", patience=60)
    assert sent_at_once(work, tmp_path / "go", 3, until=lambda ends: True) == ["0"] * 3


def test_a_failure_releases_its_slot() -> None:
    work = apart("hang", seconds=0.2)
    for _ in range(3):
        with pytest.raises(TooHeavy):
            work.run(b"")


def test_a_picture_whose_child_is_killed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for act in ("hang", "allocate", "crash"):
        with monkeypatch.context() as patch:
            patch.setattr(PICTURES, "function", f"tests.support.misbehaving:{act}")
            patch.setattr(PICTURES, "limits", replace(LIMITS, seconds=2))
            with pytest.raises(UnsupportedLogo):
                clean_logo_sandbox(b"\x89PNG\r\n\x1a\n")

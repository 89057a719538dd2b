"""The limited child: results, errors and limits are returned, and nothing is left behind."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from app.imaging.child import ChildFailed, run_limited
from app.imaging.decode import Reason, UndecodableImage
from tests.support.spent import spent


def too_heavy(function, *args: object, **limits: int) -> None:
    with pytest.raises(UndecodableImage) as caught:
        run_limited(function, *args, **limits)
    assert caught.value.reason is Reason.TOO_HEAVY


def spin() -> NoReturn:
    while True:
        pass


def children() -> set[str]:
    """The ids of this thread's child processes, which may include the servers of the test suite."""
    task = Path("/proc/self/task") / str(threading.get_native_id()) / "children"
    return set(task.read_text(encoding="ascii").split())


def test_the_result_comes_back_whole() -> None:
    assert run_limited(lambda size: b"x" * size, 3_000_000) == b"x" * 3_000_000
    assert run_limited(os.getpid) != os.getpid()


def test_a_refusal_comes_back_with_its_reason() -> None:
    def refuse() -> None:
        raise UndecodableImage(Reason.BOMB, "9 x 9")

    with pytest.raises(UndecodableImage) as caught:
        run_limited(refuse)
    assert (caught.value.reason, caught.value.detail) == (Reason.BOMB, "9 x 9")


def test_another_error_comes_back_with_the_childs_traceback() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        run_limited(Path("/nowhere").read_bytes)
    assert "read_bytes" in "".join(caught.value.__notes__)


def test_an_exception_that_cannot_be_pickled_comes_back_as_text() -> None:
    class Local(Exception):
        pass

    def fail() -> None:
        raise Local("the words")

    with pytest.raises(ChildFailed, match="the words"):
        run_limited(fail)
    with pytest.raises(ChildFailed):
        run_limited(lambda: lambda: None)


def test_too_much_memory_is_too_heavy() -> None:
    too_heavy(lambda: len(bytearray(300 << 20)), memory_bytes=100 << 20)
    assert run_limited(lambda: len(bytearray(300 << 20))) == 300 << 20


def test_too_much_processor_time_is_too_heavy() -> None:
    start = spent()
    too_heavy(spin, seconds=1)
    assert spent() - start < 3


def test_too_long_a_wait_is_too_heavy() -> None:
    start = time.monotonic()
    too_heavy(time.sleep, 60, seconds=1)
    assert time.monotonic() - start < 30, "long before its end, on however busy a machine"


@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_killed_child_is_too_heavy(name: signal.Signals) -> None:
    def die() -> None:
        faulthandler.disable()  # suppress pytest's crash report
        os.kill(os.getpid(), name)

    too_heavy(die)


def test_no_child_is_left_behind() -> None:
    before = children()
    run_limited(os.getpid)
    too_heavy(time.sleep, 30, seconds=1)
    assert children() == before


def test_an_alarm_in_the_parent_ends_the_child() -> None:
    """RQ's job timeout is an exception raised by SIGALRM during the wait."""

    class JobTimeout(Exception):
        pass

    def ring(*_: object) -> NoReturn:
        raise JobTimeout

    family = children()
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(JobTimeout):
            run_limited(time.sleep, 30)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert children() == family


def test_it_works_inside_a_fork() -> None:
    assert run_limited(run_limited, os.getpid) not in (0, os.getpid())


def test_it_is_cheap() -> None:
    start = spent()
    for _ in range(10):
        run_limited(os.getpid)
    assert spent() - start < 2

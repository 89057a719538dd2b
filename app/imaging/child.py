"""Runs one function in a forked child with limits on memory, processor time and waiting time.

For decoding untrusted files: the worker survives whatever the decoder does. A fork costs a few
milliseconds, and works inside an RQ work horse, which is itself a fork (multiprocessing refuses
to fork from a daemonic process, and its spawn imports everything again). The function must not
use the database, Redis or logging handlers: their sockets and locks belong to the parent.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

from app.imaging.decode import Reason, UndecodableImage
from app.slow_work import slow_work

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_MEMORY_BYTES = 800 << 20
DEFAULT_SECONDS = 20

_CHUNK = 1 << 16
_PR_SET_PDEATHSIG = 1


class ChildFailed(RuntimeError):
    """The function failed in the child for a reason that is not the image."""


@slow_work
def run_limited(
    function: Callable[..., T],
    *args: Any,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    seconds: int = DEFAULT_SECONDS,
) -> T:
    """Return `function(*args)`, computed in a child process under limits.

    `memory_bytes` is the memory that the child may map in addition to what this process has mapped;
    `seconds` limits its processor time and the wait. The result must be picklable.
    Raises `UndecodableImage` with `too_heavy` when the child exceeds a limit or is killed,
    any exception of `function` that can be pickled, and `ChildFailed` with the child's
    traceback otherwise.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with(parent)
        os.close(reader)
        _run_child(writer, function, args, memory_bytes, seconds)
    os.close(writer)
    try:
        message = _read_all(reader, time.monotonic() + seconds)
    finally:
        # Also runs on the job's own timeout, which is raised during the wait.
        os.close(reader)
        _end(pid)
    is_good, outcome = _unpack(message)
    if is_good:
        return outcome  # type: ignore[no-any-return]  # what `function` returned
    raise outcome


def die_with(parent: int) -> None:
    """Have the kernel kill this forked process when `parent` (a process id) ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before prctl took effect
        os.kill(os.getpid(), signal.SIGKILL)


def _run_child(
    writer: int, function: Callable[..., Any], args: Any, memory_bytes: int, seconds: int
) -> NoReturn:
    """Compute, write the pickled outcome to the pipe, and exit without any clean-up."""
    code = 1
    try:
        # Never finalise the parent's objects here: closing a copied database connection
        # would end the parent's session on the server.
        gc.freeze()
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(name, signal.SIG_DFL)
        _set_limits(memory_bytes, seconds)
        message = _compute(function, args)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(message)
        code = 0
    finally:
        os._exit(code)


def _set_limits(memory_bytes: int, seconds: int) -> None:
    limit = _mapped_bytes() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _mapped_bytes() -> int:
    """Return the size of this process's address space, which RLIMIT_AS counts."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _compute(function: Callable[..., Any], args: Any) -> bytes:
    try:
        outcome: tuple[bool, Any] = (True, function(*args))
    except MemoryError:
        outcome = (False, UndecodableImage(Reason.TOO_HEAVY, "memory"))
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        outcome = (False, error)
    try:
        message = pickle.dumps(outcome)
        pickle.loads(message)  # noqa: S301  our own; some exceptions pickle but fail to unpickle
    except Exception as error:
        text = repr(outcome[1])[:2000] + "\n" + "".join(traceback.format_exception(error))
        message = pickle.dumps((False, ChildFailed(text)))
    return message


def _read_all(reader: int, deadline: float) -> bytes:
    """Read until the child closes the pipe; an empty result means a timeout."""
    chunks: list[bytes] = []
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([reader], [], [], left)[0]:
            break
        chunk = os.read(reader, _CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return b""


def _end(pid: int) -> None:
    """Kill the child unless it has ended, and reap it; nobody else waits for it."""
    ended, _ = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _unpack(message: bytes) -> tuple[bool, Any]:
    try:
        is_good, outcome = pickle.loads(message)  # noqa: S301  from our own child
    except (EOFError, pickle.UnpicklingError):  # it was stopped before or while writing
        return False, UndecodableImage(Reason.TOO_HEAVY, "the child was stopped by a limit")
    return is_good, outcome

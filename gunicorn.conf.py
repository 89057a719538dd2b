"""Gunicorn settings: threads for slow phones, keep-alive longer than a load balancer's idle time.

Runs in the master and again at each reload. Do not import the app here: workers inherit the
master's imports and would still run the old code after a reload.
"""

import ctypes
import gc
import importlib.util
import logging
import os
import re
import resource
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from dotenv import dotenv_values
from gunicorn.glogging import Logger  # type: ignore[import-not-found, import-untyped, unused-ignore]

ROOT = Path(__file__).resolve().parent
environment = {**dotenv_values(ROOT / ".env"), **os.environ}


def _setting(name: str, default: str) -> str:
    return environment.get(name) or default


def _module(name: str) -> ModuleType:
    """Load a file of app/ by path; importing it as a module would import the whole package."""
    spec = importlib.util.spec_from_file_location(f"laudo_{name}", ROOT / "app" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _address() -> str:
    """BIND takes precedence; a hosting platform that sets only PORT expects all interfaces."""
    port = environment.get("PORT")
    return _setting("BIND", f"0.0.0.0:{port}" if port else "127.0.0.1:8000")


bind = _address()
workers = int(_setting("WEB_CONCURRENCY", "2"))
threads = int(_setting("WEB_THREADS", "8"))
# Each waiting connection uses a file descriptor (web_worker.py), and each upload another one.
_files, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
_files = max(_files, min(4096, _most_files))
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _most_files))
worker_connections = min(1000, _files // 2)
worker_class = _module("web_worker").PatientWorker
worker_class.stall_seconds = float(_setting("WEB_STALL_SECONDS", "30"))
keepalive = 75
timeout = 60
graceful_timeout = 30
# A worker restart costs seconds of CPU time, and 100 technicians make 30 requests per second: at
# 2,000, each worker restarted every two minutes. `make load` shows that memory stays flat.
max_requests = 50_000
max_requests_jitter = 5_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files; a slow disk must not kill a worker
certfile = environment.get("TLS_CERTIFICATE") or None
keyfile = environment.get("TLS_KEY") or None
control_socket_disable = True
loglevel = _setting("LOG_LEVEL", "info").lower()
logs = _module("logs")
logconfig_dict = logs.logging_config(_setting("LOG_FORMAT", "text"), loglevel)
logs.log_uncaught()


class NoAccessLog(Logger):  # type: ignore[misc]
    """No access log: the app logs each request. With a `logconfig_dict`, gunicorn would log it
    again, including the secrets in addresses.
    """

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        return None


logger_class = NoAccessLog
# After each answer of the database, a thread waits until another one releases the interpreter. With
# three busy threads beside it, eleven answers took 310 ms or more at Python's 5 ms, 75 ms at this.
SWITCH_SECONDS = 0.0005
metrics_bind = _setting("METRICS_BIND", "")

log = logging.getLogger("gunicorn.error")


# --- metrics: each worker writes its own files, and any worker can add them up -----------------

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def _make_metrics_folder() -> None:
    """Make one folder per master, empty at startup, and delete those of dead masters.

    After a reload the master is the same, so its workers' figures stay. A new master that takes
    over (USR2) inherits the variable but makes its own folder.
    """
    own = f"laudo-figures-{os.getpid()}-"
    if Path(environment.get(METRICS_FOLDER) or "").name.startswith(own):
        return
    for left in Path(worker_tmp_dir).glob("laudo-figures-*"):
        pid = re.match(r"laudo-figures-(\d+)-", left.name)
        if pid and left.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    # Set before prometheus_client is first imported, which reads it then. Its files are memory-
    # mapped: on a disk that uploads can fill, a full disk would kill the process (SIGBUS).
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix=own, dir=worker_tmp_dir)


def _bound(address: str) -> socket.socket | None:
    """A listening socket; None, with a warning, if it cannot be opened."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A new master that takes over listens before the old one has ended.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host.strip("[]") or "127.0.0.1", int(port)))
    except OSError as error:
        log.warning("METRICS_BIND cannot be used, serving goes on without it: %s", error)
        listening.close()
        return None
    listening.listen(16)
    listening.setblocking(False)
    return listening


def _answer_metrics(listening: socket.socket) -> None:
    """Serve the figures of all workers from a thread of this worker.

    The files contain all figures, so any worker can answer. A thread in the master could deadlock
    its children: the master forks, and a child would wait for a lock (such as an import lock) that
    the thread held. A separate process would need a supervisor. The socket belongs to the master,
    so no request is lost when a worker ends.
    """
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry, make_wsgi_app
    from prometheus_client.exposition import _SilentHandler
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    address = listening.getsockname()[:2]
    server = WSGIServer(address, _SilentHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = address
    server.setup_environ()
    server.set_app(make_wsgi_app(registry))
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()


if metrics_bind:
    _make_metrics_folder()


def when_ready(server: Any) -> None:
    """Runs before the first worker is forked."""
    server.metrics = _bound(metrics_bind) if metrics_bind else None


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the lowest free number, so that it continues a dead worker's files.

    The library's default, one set of files per process id, would add files for each worker that
    reaches `max_requests`, about a hundred a day, and each scrape reads them all.
    """
    taken = {one.number for one in server.WORKERS.values()}
    worker.number = next(one for one in range(len(taken) + 1) if one not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Runs before the worker handles signals, so it must be fast."""
    if metrics_bind:
        from prometheus_client import values

        values.ValueClass = values.MultiProcessValue(lambda: worker.number)  # type: ignore[no-untyped-call]
        worker.metrics = server.metrics


def post_worker_init(worker: Any) -> None:
    """Runs after the app is loaded and before the first request."""
    sys.setswitchinterval(SWITCH_SECONDS)
    _limit_heaps()
    _reject_privileged_role()
    _freeze_long_lived_objects()
    if getattr(worker, "metrics", None):
        _answer_metrics(worker.metrics)


def _reject_privileged_role() -> None:
    """Exit if the database role can bypass row-level security."""
    from app.tenancy import check_app_role
    from wsgi import app

    with app.app_context():
        check_app_role()


def _limit_heaps() -> None:
    """Use two heaps for all threads. By default glibc gives each thread its own, and each keeps the
    memory of its largest request; the GIL lets only one thread allocate at a time anyway.
    """
    arena_max = -8  # M_ARENA_MAX of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # only in glibc
    if mallopt:
        mallopt(arena_max, 2)


def _freeze_long_lived_objects() -> None:
    """Exclude long-lived objects (modules, templates, mappers) from garbage collection.

    Traversing them took about 20 ms in roughly every fifth request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def child_exit(server: Any, worker: Any) -> None:
    """Reset the in-progress gauges of a dead worker; its counters stay."""
    if metrics_bind:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.number)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    if metrics_bind and (folder := os.environ.get(METRICS_FOLDER)):
        shutil.rmtree(folder, ignore_errors=True)

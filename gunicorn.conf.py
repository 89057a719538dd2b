"""Gunicorn: threads for slow phones, keep-alive longer than a load balancer's idle time.

Runs in the master, again at each reload. Nothing here may import the app: workers inherit what
the master has imported, and a reload would go on with the old code.
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
    """A file of app/ by its path; as a module of the package it would bring the package along."""
    spec = importlib.util.spec_from_file_location(f"laudo_{name}", ROOT / "app" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _address() -> str:
    """BIND wins; a platform that names a port by PORT alone sends to every interface."""
    port = environment.get("PORT")
    return _setting("BIND", f"0.0.0.0:{port}" if port else "127.0.0.1:8000")


bind = _address()
workers = int(_setting("WEB_CONCURRENCY", "2"))
threads = int(_setting("WEB_THREADS", "8"))
# Each connection that waits in a process is a file to it (web_worker.py), each upload another.
_files, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
_files = max(_files, min(4096, _most_files))
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _most_files))
worker_connections = min(1000, _files // 2)
worker_class = _module("web_worker").PatientWorker
worker_class.stall_seconds = float(_setting("WEB_STALL_SECONDS", "30"))
keepalive = 75
timeout = 60
graceful_timeout = 30
# A worker that starts again costs seconds of a core, and 100 technicians make 30 requests a second:
# at 2,000 each worker was gone every other minute. `make load` shows that memory stays flat.
max_requests = 50_000
max_requests_jitter = 5_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files; a slow disk must not kill a worker
certfile = environment.get("TLS_CERTIFICATE") or None
keyfile = environment.get("TLS_KEY") or None
control_socket_disable = True
loglevel = _setting("LOG_LEVEL", "info").lower()
logs = _module("logs")
logconfig_dict = logs.logging_config(_setting("LOG_FORMAT", "text"), loglevel)
logs.say_uncaught()


class OneLineARequest(Logger):  # type: ignore[misc]
    """Leaves the requests to the app: with a `logconfig_dict` gunicorn would tell them again,
    with what stands in their addresses.
    """

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        return None


logger_class = OneLineARequest
metrics_bind = _setting("METRICS_BIND", "")

log = logging.getLogger("gunicorn.error")


# --- metrics: each worker counts into files of its own, any of them adds up --------------------

FIGURES = "PROMETHEUS_MULTIPROC_DIR"


def _make_figures_folder() -> None:
    """One folder a master, empty at its start; what dead masters left behind goes.

    At a reload the master is the same and its workers' figures stay. A new master that took over
    (USR2) inherits the variable, but not the folder.
    """
    own = f"laudo-figures-{os.getpid()}-"
    if Path(environment.get(FIGURES) or "").name.startswith(own):
        return
    for left in Path(worker_tmp_dir).glob("laudo-figures-*"):
        pid = re.match(r"laudo-figures-(\d+)-", left.name)
        if pid and left.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    # Before the first import of prometheus_client, which looks for it then. Its files are mapped
    # into memory: on a disk that uploads can fill, a full one would kill the process (SIGBUS).
    os.environ[FIGURES] = tempfile.mkdtemp(prefix=own, dir=worker_tmp_dir)


def _bound(address: str) -> socket.socket | None:
    """A listening socket; None, with a warning, where it cannot be had."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A master that takes over from another listens before that one has ended.
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
    """Serve the figures of all workers from a thread of this one.

    The files hold everybody's, so whichever worker takes the question can answer it. A thread of
    the master would be simpler to name, but a master forks, and what its thread holds at that
    moment (an import is enough) the child waits for; a process of its own would need somebody to
    restart it. The socket is the master's, so that no question is lost when a worker ends.
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
    _make_figures_folder()


def when_ready(server: Any) -> None:
    """Before the first worker is forked."""
    server.metrics = _bound(metrics_bind) if metrics_bind else None


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the lowest free number: its figures go on where a dead one's ended.

    Files by process id, the library's own way, would grow by some for every worker that reached
    `max_requests`, some hundred a day, and each scrape reads them all.
    """
    taken = {one.number for one in server.WORKERS.values()}
    worker.number = next(one for one in range(len(taken) + 1) if one not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Before the worker listens to signals, so nothing here may take its time."""
    if metrics_bind:
        from prometheus_client import values

        values.ValueClass = values.MultiProcessValue(lambda: worker.number)  # type: ignore[no-untyped-call]
        worker.metrics = server.metrics


def post_worker_init(worker: Any) -> None:
    """The app is loaded; the first request is still to come."""
    _share_the_heaps()
    _refuse_a_mighty_role()
    _spare_the_collector()
    if getattr(worker, "metrics", None):
        _answer_metrics(worker.metrics)


def _refuse_a_mighty_role() -> None:
    """Do not serve with a database role that could step around row-level security."""
    from app.tenancy import check_app_role
    from wsgi import app

    with app.app_context():
        check_app_role()


def _share_the_heaps() -> None:
    """Two heaps for all threads of a process. glibc gives each thread its own, and each keeps what
    its largest request once took; the interpreter's lock lets one thread allocate at a time anyway.
    """
    arena_max = -8  # M_ARENA_MAX of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's alone
    if mallopt:
        mallopt(arena_max, 2)


def _spare_the_collector() -> None:
    """Let it leave alone what lives as long as the process: modules, templates, mappers.

    Walking them cost some 20 ms, in every fifth request or so.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def child_exit(server: Any, worker: Any) -> None:
    """What a dead worker had under way is under way no more; what it counted stays."""
    if metrics_bind:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.number)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    if metrics_bind and (folder := os.environ.get(FIGURES)):
        shutil.rmtree(folder, ignore_errors=True)

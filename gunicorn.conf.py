"""Gunicorn: threads for slow phones, keep-alive longer than a load balancer's idle time.

Runs in the master, again at each reload. Nothing here may import the app: workers inherit what
the master has imported, and a reload would go on with the old code.
"""

import contextlib
import gc
import importlib.util
import logging
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent
environment = {**dotenv_values(ROOT / ".env"), **os.environ}


def _setting(name: str, default: str) -> str:
    return environment.get(name) or default


def _logs() -> ModuleType:
    """app/logs.py by its path; as a module of the package it would bring the package along."""
    spec = importlib.util.spec_from_file_location("laudo_logs", ROOT / "app" / "logs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bind = _setting("BIND", "127.0.0.1:8000")
workers = int(_setting("WEB_CONCURRENCY", "2"))
threads = int(_setting("WEB_THREADS", "8"))
worker_class = "gthread"
keepalive = 75
timeout = 60
graceful_timeout = 30
max_requests = 2000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files; a slow disk must not kill a worker
certfile = environment.get("TLS_CERTIFICATE") or None
keyfile = environment.get("TLS_KEY") or None
accesslog = None
control_socket_disable = True
loglevel = _setting("LOG_LEVEL", "info").lower()
logconfig_dict = _logs().logging_config(_setting("LOG_FORMAT", "text"), loglevel)
metrics_bind = _setting("METRICS_BIND", "")

log = logging.getLogger("gunicorn.error")


# --- metrics: each worker counts into files of its own, the master adds them up ----------------

FIGURES = "PROMETHEUS_MULTIPROC_DIR"


def _make_figures_folder() -> None:
    """One folder a master, empty at its start; what dead masters left behind goes.

    At a reload the master is the same and its workers' figures stay. A new master that took over
    (USR2) inherits the variable, but not the folder.
    """
    own = f"laudo-figures-{os.getpid()}-"
    if Path(environment.get(FIGURES) or "").name.startswith(own):
        return
    for left in Path(tempfile.gettempdir()).glob("laudo-figures-*"):
        pid = re.match(r"laudo-figures-(\d+)-", left.name)
        if pid and left.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    # Before the first import of prometheus_client, which looks for it then.
    os.environ[FIGURES] = tempfile.mkdtemp(prefix=own)


class MetricsServer(threading.Thread):
    """Answers /metrics from the workers' files, in a thread of the master.

    The master lives as long as the port should, restarts workers without it, and needs no second
    supervisor; a process of its own would. The thread shares no lock with what workers use: it
    reads files, through a registry that only it knows.
    """

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True, name="metrics")
        self.host, _, self.port = address.rpartition(":")
        self.server: Any = None
        self.stopped = threading.Event()

    def run(self) -> None:
        from prometheus_client import CollectorRegistry, start_http_server
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        while not self.stopped.is_set():
            try:
                self.server, _ = start_http_server(
                    int(self.port), self.host.strip("[]") or "127.0.0.1", registry
                )
                return
            except OSError as error:
                # A master that is being replaced still has it; figures never stop the serving.
                log.warning("METRICS_BIND cannot be used yet: %s", error)
                self.stopped.wait(5)


if metrics_bind:
    _make_figures_folder()


def when_ready(server: Any) -> None:
    if metrics_bind:
        server.metrics = MetricsServer(metrics_bind)
        server.metrics.start()


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the lowest free number: its figures go on where a dead one's ended.

    Files by process id, the library's own way, would grow by some for every worker that reached
    `max_requests`, some hundred a day, and each scrape reads them all.
    """
    taken = {one.number for one in server.WORKERS.values()}
    worker.number = next(one for one in range(len(taken) + 1) if one not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Refuse to serve with a database role that could step around row-level security."""
    if metrics_bind:
        from prometheus_client import values

        values.ValueClass = values.MultiProcessValue(lambda: worker.number)  # type: ignore[no-untyped-call]
        if (metrics := getattr(server, "metrics", None)) and metrics.server:
            metrics.server.socket.close()  # or the port would stay taken as long as a worker lives
    from app.tenancy import check_app_role
    from wsgi import app

    with app.app_context():
        check_app_role()


def post_worker_init(worker: Any) -> None:
    """Spare the collector what lives as long as the process: modules, templates, mappers.

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
        with contextlib.suppress(AttributeError):
            server.metrics.stopped.set()
        shutil.rmtree(folder, ignore_errors=True)

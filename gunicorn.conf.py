"""Gunicorn: threads for slow phones, keep-alive longer than a load balancer's idle time."""

import gc
import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "gthread"
keepalive = 75
timeout = 60
graceful_timeout = 30
max_requests = 2000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files; a slow disk must not kill a worker
certfile = os.environ.get("TLS_CERTIFICATE") or None
keyfile = os.environ.get("TLS_KEY") or None
accesslog = None
control_socket_disable = True
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()


def post_fork(server, worker):  # type: ignore[no-untyped-def]
    """Refuse to serve with a database role that could step around row-level security."""
    from app.tenancy import check_app_role
    from wsgi import app

    with app.app_context():
        check_app_role()


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """Spare the collector what lives as long as the process: modules, templates, mappers.

    Walking them cost some 20 ms, in every fifth request or so.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

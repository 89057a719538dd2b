"""nginx in front of the webs, with the file that deployments use."""

from __future__ import annotations

import os
import pwd
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from app.config import ROOT

PROGRAM = "/usr/sbin/nginx"
STOP_SECONDS = 40.0

MAIN = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 2048; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # The simulated people name their own addresses, as the balancer of a platform would.
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    include {folder}/laudo.conf;
}}
"""


class Proxy:
    """`start` with the webs' ports; `stop` waits for requests that are being answered."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._webs: tuple[int, ...] = ()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, webs: Sequence[int]) -> None:
        self._folder.mkdir(exist_ok=True)
        self._webs = tuple(webs)
        self._write()
        main = self._folder / "nginx.conf"
        user = pwd.getpwuid(os.geteuid()).pw_name
        main.write_text(MAIN.format(folder=self._folder, user=user))
        self.process = subprocess.Popen([PROGRAM, "-p", str(self._folder), "-c", str(main)])

    def take_out(self, web: int) -> None:
        """Send it nothing more. What it has begun, it finishes."""
        self._write(web)
        self._reload()

    def put_back(self) -> None:
        self._write()
        self._reload()

    def _write(self, *out: int) -> None:
        words = (ROOT / "deploy" / "nginx.conf").read_text()
        serving = [web for web in self._webs if web not in out]
        (self._folder / "laudo.conf").write_text(site_of(words, self._port, serving))

    def _reload(self) -> None:
        """Returns when a new nginx worker serves; the old one ends with its last request."""
        assert self.process
        before = set(psutil.Process(self.process.pid).children())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + STOP_SECONDS
        while not set(psutil.Process(self.process.pid).children()) - before:
            if time.monotonic() > deadline:
                raise TimeoutError("nginx did not reload")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)


def site_of(words: str, port: int, webs: Sequence[int]) -> str:
    """The deployment's file with other addresses, and without TLS."""
    servers = "\n".join(f"    server 127.0.0.1:{web} max_fails=2 fail_timeout=10s;" for web in webs)
    words = _replaced(r"^    server 127\.0\.0\.1:8000 .*;$", servers, words)
    words = _replaced(r"^server \{\n    listen 80;\n(?:.+\n)+?\}\n", "", words)
    words = _replaced(r"^    listen 443 ssl http2;$", f"    listen 127.0.0.1:{port};", words)
    words = _replaced(r"^    listen \[::\]:443 .*\n", "", words)
    words = _replaced(r"^    server_name .*$", "    server_name _;", words)
    words = _replaced(r"^    ssl_.*\n", "", words)
    words = _replaced(r"X-Forwarded-Proto https", "X-Forwarded-Proto http", words)
    return _replaced(r"/srv/laudo/", f"{ROOT}/", words)


def _replaced(pattern: str, by: str, words: str) -> str:
    """Raises LookupError if the deployment's file no longer has what is replaced."""
    changed, count = re.subn(pattern, lambda _found: by, words, flags=re.MULTILINE)
    if not count:
        raise LookupError(f"deploy/nginx.conf has no {pattern}")
    return changed

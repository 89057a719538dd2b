"""A small server of two releases, whose files are not there in the other, with the real worker.

The stack has one release; what happens between two is tested here. Each page and each script says
of which release it is.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.assets.building import built, manifest

FILL = "/reports/0f8fad5b-d9cb-469f-a165-70867728950e/fill"
ACCOUNT = "4af6ece4-dc4a-495b-81ea-4a1078928278"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="account" content="{account}"><meta name="shell" content="/static/dist/shell-{n}.json">
<script type="module" src="/static/dist/app-{n}.js"></script></head>
<body data-page="{n}"><input aria-label="Typed"></body></html>"""
# A part that loads later, as parts.js does.
APP = """
document.body.dataset.script = "{n}";
window.loadPart = async () => (await import("./part-{n}.js")).release;
navigator.serviceWorker?.register("/sw.js");
"""


class Releases:
    """Serves release `now`. `is_updating` is whether browsers get the script of that release."""

    def __init__(self) -> None:
        self.now = 1
        self.is_updating = True
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, dict[str, str]]:
        n = self.now
        files = {
            f"/static/dist/shell-{n}.json": json.dumps([f"app-{n}.js", f"part-{n}.js"]),
            f"/static/dist/app-{n}.js": APP.format(n=n),
            f"/static/dist/part-{n}.js": f"export const release = {n};",
        }
        if path in files:
            kind = "application/json" if path.endswith("json") else "text/javascript"
            return 200, files[path], {"Content-Type": kind}
        if path == "/sw.js" and self.is_updating:
            script = built("sw.js").read_text().replace(manifest()["shell.json"], f"shell-{n}.json")
            return 200, script, {"Content-Type": "text/javascript", "Cache-Control": "no-cache"}
        if path in (FILL, "/offline"):
            headers = {
                "Content-Type": "text/html",
                "Laudo-Account": ACCOUNT,
                "Laudo-Drawn-At": "2026-11-30T12:00:00+00:00",
            }
            return 200, PAGE.format(n=n, account=ACCOUNT), headers
        return 404, "", {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        releases = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, headers = releases.answer(self.path.partition("?")[0])
                content = body.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return None

        return Handler

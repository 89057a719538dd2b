"""Firefox by WebDriver BiDi, which it speaks itself: Debian's firefox-esr and a WebSocket, no driver
in between. One browser serves all tests; each opens its page in a profile of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

BROWSER = Path("/usr/bin/firefox-esr")
# Two cores run three other browsers meanwhile.
SECONDS = 60
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
# The function's result as JSON: BiDi's own form of values would have to be read type by type.
CALL = "async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)"


class Firefox:
    """The connection to a running browser. Raises AssertionError where the browser says no."""

    def __init__(self, url: str) -> None:
        # Firefox takes no connection that names an origin: that would be a page's.
        self._socket: WebSocket = create_connection(
            f"{url}/session", timeout=SECONDS, suppress_origin=True
        )
        self._number = 0
        self.complaints: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv())
            if said["type"] == "event":
                self._note(said["params"])
            elif said["id"] == self._number:
                assert said["type"] == "success", f"{method}: {said['error']}: {said['message']}"
                return said["result"]  # type: ignore[no-any-return]

    def _note(self, entry: dict[str, Any]) -> None:
        if entry["level"] == "error":
            self.complaints.append(f"{entry['text']} ({entry['source'].get('context')})")

    @contextmanager
    def page(self, size: dict[str, int]) -> Iterator[Page]:
        """A page in a fresh profile; `complaints` are the errors that it logged."""
        self.complaints.clear()
        person = self.send("browser.createUserContext")["userContext"]
        context = self.send("browsingContext.create", type="tab", userContext=person)["context"]
        self.send("browsingContext.setViewport", context=context, viewport=size)
        try:
            yield Page(self, context)
        finally:
            self.send("browser.removeUserContext", userContext=person)


class Page:
    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox, self._context = firefox, context

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._firefox.send(method, context=self._context, **parameters)

    def goto(self, url: str) -> None:
        self._send("browsingContext.navigate", url=url, wait="complete")

    def run(self, function: str, *arguments: Any) -> Any:
        """What a function of JavaScript returns, as JSON carries it; promises are awaited."""
        result = self._call(CALL.replace("{function}", function), json.dumps(arguments))
        return json.loads(result["value"])

    def _call(self, function: str, argument: str) -> dict[str, Any]:
        answer = self._firefox.send(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": argument}],
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"]  # type: ignore[no-any-return]

    def until(self, function: str, *arguments: Any) -> None:
        """Wait until the function returns what is true, also across navigations."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                if self.run(function, *arguments):
                    return
                said = "not yet"
            except AssertionError as error:
                said = str(error)
            assert time.monotonic() < end, f"{function} {arguments}: {said}"
            time.sleep(0.1)

    def until_shown(self, selector: str) -> None:
        self.until("(one) => document.querySelector(one)?.checkVisibility()", selector)

    def attribute(self, selector: str, name: str) -> Any:
        return self.run("(one, name) => document.querySelector(one)[name]", selector, name)

    def _element(self, selector: str) -> dict[str, str]:
        """The shown element in the middle of the window, by which BiDi names it."""
        self.until_shown(selector)
        # What is still being laid out above it may push it out of the window again.
        in_view = """(selector) => {
          const one = document.querySelector(selector);
          const { top, bottom } = one.getBoundingClientRect();
          if (top >= 0 && bottom <= innerHeight) return true;
          one.scrollIntoView({ block: "center", behavior: "instant" });
          return false;
        }"""
        self.until(in_view, selector)
        element = self._call("(selector) => document.querySelector(selector)", selector)
        return {"sharedId": element["sharedId"]}

    def click(self, selector: str) -> None:
        self.draw(selector, [(0, 0)])

    def draw(self, selector: str, points: list[tuple[int, int]]) -> None:
        """Press, move and let go. Points are pixels from the middle of the element."""
        origin = {"type": "element", "element": self._element(selector)}
        moves = [{"type": "pointerMove", "x": x, "y": y, "origin": origin} for x, y in points]
        press, release = ({"type": one, "button": 0} for one in ("pointerDown", "pointerUp"))
        actions = [moves[0], press, *moves[1:], release]
        pointer = {"type": "pointer", "id": "mouse", "actions": actions}
        self._send("input.performActions", actions=[pointer])

    def type(self, selector: str, text: str) -> None:
        """Replace what a field says by typing, and leave it."""
        self.click(selector)
        self.run("() => document.activeElement.select()")
        keys = [{"type": what, "value": key} for key in text for what in ("keyDown", "keyUp")]
        self._send("input.performActions", actions=[{"type": "key", "id": "keys", "actions": keys}])
        self.run("() => document.activeElement.blur()")

    def give_file(self, selector: str, path: Path) -> None:
        element = self._call("(one) => document.querySelector(one)", selector)
        shared = {"sharedId": element["sharedId"]}
        self._send("input.setFiles", element=shared, files=[str(path)])

    def screenshot(self, path: Path) -> None:
        data = self._send("browsingContext.captureScreenshot", origin="document")["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def running_firefox(folder: Path) -> Iterator[Firefox]:
    """Start the browser with an empty profile in `folder`, and end it."""
    assert BROWSER.exists(), "install Debian's firefox-esr: make browser"
    command = [
        str(BROWSER),
        "--headless",
        "--no-remote",
        "--profile",
        str(folder),
        "--remote-debugging-port=0",
    ]
    environment = {**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
    log = folder / "stderr"
    with log.open("w") as errors:
        browser = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
    try:
        firefox = Firefox(_address(browser, log))
        yield firefox
        firefox.send("browser.close")
        browser.wait(timeout=SECONDS)
    finally:
        browser.kill()
        browser.wait()


def _address(browser: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + SECONDS
    while not (found := LISTENS.search(log.read_text())):
        assert browser.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    return found.group(1)

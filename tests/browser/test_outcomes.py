"""An answer of the server has the same outcome for answers, photos and signatures."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.assets.building import ASSETS, node
from tests.browser import pages
from tests.browser.canned import ORIGIN, Answer, Canned, verdict

# Not "browser": without the stack, these run beside its tests.
pytestmark = pytest.mark.xdist_group("canned")

# Longer than the wait before a second try.
A_TRY_MS = 3500
SENTENCE = "The server has its reasons."


class Work:
    """One kind of work: how a person makes it, where its state is shown, and what shows that it
    was accepted."""

    def __init__(self, page: Page, picture: Path) -> None:
        self.page, self.picture = page, picture

    def answer(self) -> tuple[str, str]:
        self.page.fill("#answer-serial", "SN-1")
        return "#status-serial", "#status-serial[data-state=saved][data-where=server]"

    def photo(self) -> tuple[str, str]:
        self.page.set_input_files("#field-tight [data-source=file]", self.picture)
        return "[data-photo-local]", "#taken"

    def signature(self) -> tuple[str, str]:
        self.page.fill("#signer-tech", "Ana")
        pages.draw(self.page)
        self.page.get_by_role("button", name="Sign", exact=True).click()
        return "[data-signature-local]", "#taken"


@pytest.fixture(params=["answer", "photo", "signature"])
def made(request: pytest.FixtureRequest, page: Page, server: Canned, tmp_path: Path):
    """Make the work of each kind; yields (place, what shows that it was accepted)."""
    picture = tmp_path / "p.jpg"
    picture.write_bytes(b"bytes")
    return getattr(Work(page, picture), request.param)


def _ids(server: Canned) -> set[str]:
    return {form["client_id"] for form in server.sent()}


def _is_taken(page: Page, mark: str) -> None:
    expect(page.locator(mark)).to_have_count(1)


@pytest.mark.parametrize(
    "answer", [Answer(502, "<h1>Bad gateway</h1>"), Answer(is_cut=True), Answer(429)]
)
def test_work_is_resent_automatically_with_the_same_id(
    page: Page, server: Canned, made, answer: Answer
) -> None:
    server.answer = lambda form: answer
    place, mark = made()
    expect(page.locator(place)).to_contain_text("retrying")
    expect(page.locator(place)).not_to_contain_text("gateway")
    server.answer = server.saved
    _is_taken(page, mark)
    assert len(server.posts) > 1
    assert len(_ids(server)) == 1


def test_a_reason_for_an_outage_is_shown_and_work_is_resent(
    page: Page, server: Canned, made
) -> None:
    server.answer = lambda form: Answer(507, SENTENCE, "text/plain")
    place, mark = made()
    expect(page.locator(place)).to_contain_text(SENTENCE)
    server.answer = server.saved
    _is_taken(page, mark)


def _parked(status: int) -> Callable[[dict[str, str]], Answer]:
    return lambda form: Answer(status, SENTENCE, "text/plain")


def _refused(form: dict[str, str]) -> Answer:
    return verdict(form, "refused", status=409, sentence=SENTENCE)


@pytest.mark.parametrize(
    "answer", [_refused, _parked(403), _parked(404), _parked(413), _parked(422)]
)
def test_refused_work_shows_the_reason_and_is_not_resent(
    page: Page, server: Canned, made, answer: Callable[[dict[str, str]], Answer]
) -> None:
    server.answer = answer
    place, _mark = made()
    expect(page.locator(place)).to_contain_text(SENTENCE)
    page.wait_for_timeout(A_TRY_MS)
    assert len(server.posts) == 1
    # The region with the row version stays, whatever the answer.
    expect(page.locator("#status-serial input[name=row_version]")).to_have_count(1)
    expect(page.locator("#toasts [data-toast]")).to_have_count(0)
    expect(page.locator("[data-unsent]")).to_have_text(
        re.compile(r"^\s*Waiting for you: 1 · since \d\d:\d\d · R-7\s*$")
    )


def test_an_error_page_of_a_proxy_is_not_shown_as_a_message(
    page: Page, server: Canned, made
) -> None:
    server.answer = lambda form: Answer(413, "<h1>Request Entity Too Large</h1>")
    place, _mark = made()
    expect(page.locator(place)).to_contain_text(re.compile("Not saved|not accepted|not saved"))
    expect(page.locator(place)).not_to_contain_text("Entity")


def test_logged_out_work_is_resent_after_login(page: Page, server: Canned, made) -> None:
    server.is_logged_in = False
    _place, mark = made()
    server.answer = server.saved
    page.fill("dialog input[type=password]", "secret")
    page.click("dialog button")
    _is_taken(page, mark)
    assert len(_ids(server)) == 1


def test_work_with_an_old_token_is_resent_with_a_new_one(page: Page, server: Canned, made) -> None:
    server.token = "second-token"
    _place, mark = made()
    _is_taken(page, mark)
    expect(page.locator("dialog")).to_have_count(0)
    assert len(server.posts) == 1


def test_a_signature_names_the_answers_that_its_signer_saw(page: Page, server: Canned) -> None:
    """The server compares: a change of somebody else in between stops the signature."""
    server.answer = lambda form: Answer(503)
    page.fill("#answer-serial", "seen")
    expect(page.locator("#status-serial")).to_have_attribute("data-state", "retrying")
    page.fill("#signer-tech", "Ana")
    pages.draw(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("[data-signature-local]")).to_be_visible()
    server.answer = server.saved
    _is_taken(page, "#taken")
    (answered,) = {form["client_id"] for form in server.sent("answer")}
    (signed,) = server.sent("signature")
    assert signed["after"] == answered
    assert json.loads(signed["seen"])["fields"] == {"serial|": answered, "tight|": 0}


WORKER = """
import { createOutbox } from "./app/assets/src/outbox/index.js";
const given = { fetch: () => Promise.reject(new TypeError("away")), sleep: () => ({ ended: new Promise(() => 0), end() {} }) };
const isPage = "document" in self || "window" in self;
const operation = (field, value) => ({ report: "r", kind: "answer", field, payload: [["value", value]] });
const ana = createOutbox({ account: "ana", ...given });
const bob = createOutbox({ account: "bob", ...given });
await ana.add(operation("first", "one"));
await ana.add(operation("second", "two"));
await bob.add(operation("first", "of Bob"));
const said = ({ field, payload }) => [field, payload[0][1]];
const before = (await ana.list()).map(said);
const photo = await ana.add({ report: "r", kind: "photo", field: "third" }, new Uint8Array([1, 2, 3]).buffer);
const bytes = (await ana.bytesOf(photo.operation.clientId)).byteLength;
await ana.discard((await ana.list())[0].clientId);
const after = (await ana.list()).map(({ field }) => field);
const others = (await bob.list()).length;
self.postMessage({ isPage, before, after, bytes, others });
"""
BUNDLE = """
import * as esbuild from "esbuild";
const [contents, resolveDir] = process.argv.slice(1);
const { outputFiles } = await esbuild.build({
  stdin: { contents, resolveDir }, bundle: true, format: "esm", write: false,
  nodePaths: [process.cwd() + "/node_modules"],
});
console.log(JSON.stringify(outputFiles[0].text));
"""


def test_a_service_worker_can_store_unsent_work(page: Page, server: Canned) -> None:
    root = ASSETS.parents[1]
    command = [node(), "--input-type=module", "-e", BUNDLE, WORKER, str(root)]
    bundled = subprocess.run(command, cwd=ASSETS, check=True, capture_output=True, timeout=60)
    script = json.loads(bundled.stdout)
    page.route(
        f"{ORIGIN}/worker.js",
        lambda route: route.fulfill(body=script, content_type="text/javascript"),
    )
    found = page.evaluate(
        """() => new Promise((resolve, reject) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        })"""
    )
    assert found == {
        "isPage": False,
        "before": [["first", "one"], ["second", "two"]],
        "after": ["second", "third"],
        "bytes": 3,
        "others": 1,
    }

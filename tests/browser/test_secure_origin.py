"""What a real phone needs: HTTPS on a name that is not localhost, with its cookies and hashes."""

from __future__ import annotations

import hashlib
import re

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.conftest import add_people
from tests.browser.stack import running_stack
from tests.support import servers as test_servers

pytestmark = pytest.mark.xdist_group("browser")
# Chromium does not expose bodies with files, so the page itself records what it sends.
NOTE_HASHES = """
window.sentHashes = [];
const send = window.fetch;
window.fetch = function (url, options) {
  const announced = new Headers(options?.headers).get("Upload-Metadata") ?? "";
  const digest = announced.split(",").find((one) => one.startsWith("sha256 "));
  if (digest) window.sentHashes.push(atob(digest.slice(7)));
  return send.call(this, url, options);
};
"""


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    kinds = ("web", "worker")
    with running_stack(folder, "laudo_browser_secure", tls_name="laudo.test", kinds=kinds) as stack:
        yield stack, add_people(stack, folder)


def test_a_photo_is_hashed_on_the_phone_and_placed_by_the_browser(secure, open_page, tmp_path):
    stack, people = secure
    # Chromium takes no worker from a server whose certificate it does not know.
    page = open_page(url=stack.url, ignore_https_errors=True, service_workers="block")
    pages.log_in(page, people.tess.email)
    assert page.evaluate("window.isSecureContext && Boolean(crypto.subtle)")
    cookie = next(one for one in page.context.cookies() if "session" in one["name"])
    assert cookie["name"] == "__Host-session"
    assert cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax"

    page.add_init_script(NOTE_HASHES)
    page.goto("/reports/new")
    page.get_by_label("Title").fill("Over the air")
    page.get_by_role("button", name="Start the report").click()
    page.wait_for_url(re.compile(r"/fill"))
    picture = pages.jpeg(tmp_path / "board.jpg", 90)
    pages.add_files(page, "enclosure", [picture])
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    expect(page.locator("#field-enclosure li[data-state=good]")).to_have_count(1)
    assert page.evaluate("window.sentHashes") == [digest]
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=stack.database))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select sha256, latitude, accuracy_m from photos")
            stored, latitude, accuracy = cursor.fetchone()
    finally:
        connection.close()
    assert stored == digest
    assert (float(latitude), float(accuracy)) == (-23.55052, 42.0)

"""Signed-in devices, logging them out, and the sign-in log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from app.auth.account_stores import account_store_by_email
from app.auth.devices import device_of
from app.auth.queries import list_devices
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import AccountSession
from tests.support.logins import HTMX, a_person, fresh_browser, log_in

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/129.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


def on(app, person, user_agent):
    client = fresh_browser(app)
    client.environ_base["HTTP_USER_AGENT"] = user_agent
    assert log_in(client, person).status_code == 303
    return client


@pytest.fixture
def phone(app, nina):
    return on(app, nina, ANDROID)


@pytest.fixture
def laptop(app, nina):
    return on(app, nina, EDGE)


def sessions(acting, person):
    with acting(person):
        return {
            row.user_agent: row.id
            for row in db.session.scalars(
                select(AccountSession).where(AccountSession.account_id == person.id)
            )
        }


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (ANDROID, "Chrome", "Android"),
        (IPHONE, "Safari", "iPhone"),
        (EDGE, "Edge", "Windows"),
        (FIREFOX, "Firefox", "Linux"),
        ("", "", ""),
        ("curl/8.5.0", "curl", ""),
        ("ÿ" * 300, "", ""),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15",
            "Safari",
            "macOS",
        ),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent, browser, system):
    device = device_of(user_agent)
    assert (device.browser, device.system) == (browser, system)


def test_the_list_shows_this_device_first(phone, laptop):
    page = phone.get("/account/devices").text
    assert page.index("Chrome on Android") < page.index("Edge on Windows")
    assert page.count("Last seen") == 1 and "Log out all other devices" in page
    other = laptop.get("/account/devices").text
    assert other.index("Edge on Windows") < other.index("Chrome on Android")


def test_a_single_device_has_nothing_to_log_out(phone):
    page = phone.get("/account/devices").text
    assert "on this device only" in page and "Log out all other devices" not in page


def test_page_and_fragment_agree(phone):
    for url, mark in (("/account/devices", "devices"), ("/account/sign-ins", "sign-ins")):
        page, fragment = phone.get(url), phone.get(url, headers=HTMX)
        assert f'<div id="{mark}">' in page.text and "<html" in page.text
        assert f'<div id="{mark}">' in fragment.text and "<html" not in fragment.text


def test_one_device_is_logged_out_from_another(acting, phone, laptop, nina):
    url = f"/account/devices/{sessions(acting, nina)[EDGE]}/sign-out"
    for _tap in range(2):
        assert phone.post(url).location == "/account/devices"
    assert laptop.get("/account").status_code == 303
    assert phone.get("/account").status_code == 200
    with acting(nina):
        actions = [one.action for one in list_entries("account", nina.id)]
        assert actions.count("session.closed") == 1


def test_all_others_are_logged_out_at_once(app, acting, phone, laptop, nina):
    third = on(app, nina, FIREFOX)
    for _tap in range(2):
        assert phone.post("/account/devices/sign-out-others").status_code == 303
    assert [one.get("/account").status_code for one in (phone, laptop, third)] == [200, 303, 303]
    with acting(nina):
        entries = list_entries("account", nina.id)
        closed = [one.facts["facts"] for one in entries if one.action == "session.others_closed"]
        assert closed == [{"sessions": "2"}]


def test_sessions_of_others_are_not_found(acting, cast, app, phone, nina):
    mine = sessions(acting, nina)[ANDROID]
    stranger = on(app, a_person(acting, cast), FIREFOX)
    assert stranger.post(f"/account/devices/{mine}/sign-out").status_code == 404
    assert stranger.post(f"/account/devices/{uuid4()}/sign-out").status_code == 404
    assert phone.get("/account").status_code == 200


def test_expired_sessions_are_not_listed(app, acting, phone, laptop, nina):
    ids = sessions(acting, nina)
    with acting(nina):
        old = datetime.now(UTC) - timedelta(hours=13)
        db.session.execute(
            update(AccountSession).where(AccountSession.id == ids[EDGE]).values(seen_at=old)
        )
        db.session.commit()
    with app.app_context(), account_store_by_email(nina.email) as store:
        found = list_devices(store, this_session=ids[ANDROID])
    assert [(one.session_id, one.is_this) for one in found] == [(ids[ANDROID], True)]
    assert laptop.get("/account").status_code == 303, "as the session itself"


def test_the_log_lists_sign_ins_and_refusals_newest_first(app, phone, nina):
    thief = fresh_browser(app)
    thief.environ_base["HTTP_USER_AGENT"] = FIREFOX
    assert log_in(thief, nina, "wrong").status_code == 422
    page = phone.get("/account/sign-ins").text
    assert page.index("Refused") < page.index("Logged in")
    assert "Firefox on Linux" in page and "Chrome on Android" in page
    assert thief.environ_base["REMOTE_ADDR"] in page


def test_the_log_covers_only_this_account(app, acting, cast, phone):
    on(app, a_person(acting, cast), IPHONE)
    assert "iPhone" not in phone.get("/account/sign-ins").text


def test_an_unusual_user_agent_is_harmless(app, nina):
    client = on(app, nina, "<script>alert(1)</script> ÿ" + "x" * 400)
    for url in ("/account/devices", "/account/sign-ins"):
        page = client.get(url)
        assert page.status_code == 200 and "<script>alert" not in page.text
        assert "Unknown device" in page.text


def test_the_pages_need_a_login(anonymous):
    for method, path in (
        ("GET", "devices"),
        ("GET", "sign-ins"),
        ("POST", "devices/sign-out-others"),
        ("POST", f"devices/{uuid4()}/sign-out"),
    ):
        answer = anonymous.open(f"/account/{path}", method=method)
        assert answer.location.startswith("/login")

"""The brand's stylesheet and logos: colours, access only for members, and caching."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select

from app.branding.service import Brand, LogoRefused, NotAColour, brand_tenant
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Tenant
from app.web.brand import contrast, ground_colour, text_colour

IMMUTABLE = "private, max-age=31536000, immutable"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#aa3300").save(target, kind)
    return target.getvalue()


@pytest.fixture
def branded(acting, cast):
    """Give Acme a logo and a green accent. Returns the URLs of both on its pages."""
    with acting(cast.ana) as actor:
        brand_tenant(Brand(logo=picture("JPEG"), accent=" #0B6E4F "), actor=actor)
        db.session.commit()


def addresses(client):
    """The URLs of the stylesheet and the logo on the account page."""
    page = client.get("/account").text
    css = page.split('href="/brand/')[1].split('"')[0]
    logo = page.split('src="/logo/')[1].split('"')[0] if "/logo/" in page else ""
    return f"/brand/{css}", f"/logo/{logo}".replace("&amp;", "&")


def test_every_member_gets_the_colours(client_of, cast, branded):
    for person in (cast.ana, cast.max, cast.tess, cast.vera):
        css = client_of(person).get(addresses(client_of(person))[0])
        assert css.content_type == "text/css; charset=utf-8"
        assert "--brand-accent: #0b6e4f;" in css.text
        assert "--brand-accent-contrast: #ffffff;" in css.text
        assert css.headers["Cache-Control"] == IMMUTABLE


def test_a_changed_colour_has_a_new_url_and_the_old_one_is_404(client_of, acting, cast):
    client = client_of(cast.ana)
    before = addresses(client)[0]
    with acting(cast.ana) as actor:
        brand_tenant(Brand(accent="#ffee00"), actor=actor)
        db.session.commit()
    after = addresses(client)[0]
    assert after != before
    assert client.get(before).status_code == 404
    assert "--brand-accent-contrast: #14191e;" in client.get(after).text


def test_the_logo_is_served_as_an_image_only(client_of, cast, branded):
    client = client_of(cast.tess)
    logo = client.get(addresses(client)[1])
    assert logo.content_type == "image/png" and logo.data.startswith(b"\x89PNG")
    assert logo.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert logo.headers["Cache-Control"] == IMMUTABLE


def test_a_missing_logo_is_404(client_of, cast, branded):
    client = client_of(cast.ana)
    assert client.get(f"/logo/{cast.acme}/second").status_code == 404
    assert client.get(f"/logo/{cast.acme}/third").status_code == 404
    assert client_of(cast.otto).get(f"/logo/{cast.other}/first").status_code == 404


def test_another_tenant_and_the_platform_get_nothing(client_of, cast, branded, anonymous):
    for url in addresses(client_of(cast.ana)):
        assert client_of(cast.otto).get(url).status_code == 404
        assert client_of(cast.sam).get(url).status_code == 403
        assert anonymous.get(url).location.startswith("/login")


def test_companies_with_equal_colours_have_different_urls(client_of, cast):
    """Their stylesheets have the same hash, so only the company id in the URL differs."""
    ours, theirs = addresses(client_of(cast.ana))[0], addresses(client_of(cast.otto))[0]
    assert ours.rpartition("/")[2] == theirs.rpartition("/")[2] and ours != theirs
    assert client_of(cast.otto).get(theirs).status_code == 200
    assert client_of(cast.otto).get(ours).status_code == 404
    assert client_of(cast.ana).get(theirs).status_code == 404


def test_branding_is_audited_and_keeps_other_settings(acting, cast, branded):
    with acting(cast.ana) as actor:
        tenant = db.session.scalars(select(Tenant)).one()
        logo, second = tenant.logo_key, tenant.colour_second
        brand_tenant(Brand(contact=" Rua 1 "), actor=actor)
        brand_tenant(Brand(contact="Rua 1"), actor=actor)
        db.session.commit()
        tenant = db.session.scalars(select(Tenant)).one()
        assert (tenant.logo_key, tenant.colour_second, tenant.contact) == (logo, second, "Rua 1")
        entries = list_entries("tenant", cast.acme)
        assert [one.action for one in entries] == ["tenant.branded"] * 2
        assert entries[1].facts["facts"]["changes"] == {"contact": {"old": "", "new": "Rua 1"}}


@pytest.mark.parametrize(
    "colour", ["red", "#fff", "#12345g", "#1234567", "#123456;}body{display:none", ""]
)
def test_invalid_colours_are_refused(acting, cast, colour):
    with acting(cast.ana) as actor, pytest.raises(NotAColour):
        brand_tenant(Brand(accent=colour), actor=actor)


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nbroken"])
def test_invalid_images_are_refused(acting, cast, data):
    with acting(cast.ana) as actor, pytest.raises(LogoRefused):
        brand_tenant(Brand(logo=data), actor=actor)


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#777777", "#0b6e4f", "#ffee00"])
def test_text_on_the_accent_is_readable(ground):
    accent = ground_colour(ground)
    assert contrast(accent, text_colour(accent)) >= 4.5
    assert accent == ground or ground == "#777777"
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_a_company_cannot_end_its_own_suspension(acting, cast):
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    with acting(cast.ana), pytest.raises(ProgrammingError, match="permission denied"):
        db.session.execute(text("update tenants set status = 'active'"))

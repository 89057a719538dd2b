"""The brand page: saving, refused input with its messages, and the preview."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
from PIL import Image
from sqlalchemy import select

from app.branding.draft import draft_of
from app.branding.forms import values_of
from app.branding.jobs import PREVIEWING
from app.branding.preview import making as previewing
from app.branding.preview import service as previews
from app.branding.service import change_pdf, change_watermark
from app.evidence.queries import list_entries
from app.extensions import db
from app.imaging.logo_sandbox import LOGOS
from app.imaging.settings import StripPosition, WatermarkSettings
from app.jobs import runner
from app.layouts import Layout
from app.models import BrandPreview, Tenant, TenantStatus, WorkState
from app.pdf.settings import PageFormat, PdfSettings, PhotoSize
from app.sandbox import ExceededLimit, TooHeavy
from app.tenancy import platform_scope
from tests.support.stored import storage

URL, PREVIEW, COLOURS = "/company/brand", "/company/brand/preview", "/company/brand/colours"
HTMX = {"HX-Request": "true"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 30)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#0b6e4f").save(target, kind)
    return target.getvalue()


@pytest.fixture
def filled(acting, cast):
    """The form values that a browser would post from the page; `changes` are the user's input."""

    def fill(**changes):
        with acting(cast.ana):
            tenant = db.session.scalars(select(Tenant)).one()
            values = values_of(draft_of(tenant))
        values = {**values, **changes}
        return {name: value for name, value in values.items() if value not in (False, None)}

    return fill


@pytest.fixture
def company(acting, cast):
    @contextmanager
    def look():
        with acting(cast.ana):
            yield db.session.scalars(select(Tenant)).one()

    return look


def test_the_page_shows_the_current_settings(client_of, cast, acting):
    with acting(cast.ana) as actor:
        change_pdf(PdfSettings(footer="CREA 5061234567"), actor=actor)
        db.session.commit()
    page = client_of(cast.ana).get(URL).text
    assert 'value="#1f5fa8"' in page
    assert "CREA 5061234567" in page
    assert "Time and hash are always shown" in page
    assert "Reads well on white (6.4)" in page


def test_everything_is_saved_and_audited_with_old_and_new(client_of, cast, filled, company):
    typed = filled(
        accent="#0B6E4F",
        contact="Rua 1\r\nSão Paulo",
        strip_place=False,
        strip_position="on",
        strip_opacity="60",
        layout="executive",
        photo_size="compact",
        page_format="letter",
        show_hashes=False,
        cover_note="Keep for five years.",
        footer="Confidential",
    )
    saved = client_of(cast.ana).post(URL, data=typed)
    assert (saved.status_code, saved.location) == (303, URL)
    with company() as tenant:
        assert (tenant.colour_accent, tenant.contact) == ("#0b6e4f", "Rua 1\nSão Paulo")
        assert tenant.watermark == {"place": False, "position": "on", "opacity": 60}
        assert tenant.pdf == {
            "layout": "executive",
            "photo_size": "compact",
            "page_format": "letter",
            "show_hashes": False,
            "cover_note": "Keep for five years.",
            "footer": "Confidential",
        }
        entries = {one.action: one for one in list_entries("tenant", cast.acme)}
        assert set(entries) == {
            "tenant.branded",
            "tenant.watermark_changed",
            "tenant.pdf_changed",
        }
        changes = entries["tenant.watermark_changed"].facts["facts"]["changes"]
        assert changes == {
            "place": {"old": True, "new": False},
            "position": {"old": "below", "new": "on"},
            "opacity": {"old": "100", "new": "60"},
        }


def test_saving_twice_is_audited_once(client_of, cast, filled, company):
    typed = filled(footer="Confidential")
    for _ in range(2):
        assert client_of(cast.ana).post(URL, data=typed).status_code == 303
    with company():
        assert [one.action for one in list_entries("tenant", cast.acme)] == ["tenant.pdf_changed"]


def test_two_logos_are_cleaned_shown_and_removed(client_of, cast, filled, company):
    client = client_of(cast.ana)
    files = {
        "logo": (io.BytesIO(picture("JPEG")), "ours.jpg"),
        "second_logo": (io.BytesIO(picture()), "theirs.png"),
    }
    assert client.post(URL, data={**filled(), **files}).status_code == 303
    page = client.get(URL).text
    assert page.count("/logo/") >= 2
    assert client.get(f"/logo/{cast.acme}/second").data.startswith(b"\x89PNG")
    assert client.post(URL, data=filled(remove_second_logo="y")).status_code == 303
    with company() as tenant:
        assert tenant.logo_key and tenant.second_logo_key is None
        last = list_entries("tenant", cast.acme)[-1].facts["facts"]["changes"]
        assert last["second_logo_key"]["new"] is None and last["second_logo_key"]["old"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SVG, "not a PNG or JPEG"),
        (b"GIF89a" + b"\0" * 40, "not a PNG or JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "not a PNG or JPEG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRbroken", "damaged"),
        (picture() + b"\0" * (5 << 20), "larger than 5 MB"),
    ],
)
def test_invalid_logos_are_refused_with_a_reason_and_nothing_is_saved(
    client_of, cast, filled, company, data, words
):
    typed = filled(accent="#0b6e4f", footer="typed", second_logo=(io.BytesIO(data), "logo.png"))
    refused = client_of(cast.ana).post(URL, data=typed)
    assert refused.status_code == 422
    assert words in refused.text
    assert 'href="#second_logo"' in refused.text
    assert 'value="typed"' in refused.text
    with company() as tenant:
        assert (tenant.colour_accent, tenant.pdf) == ("#1f5fa8", {})


def test_a_reader_without_time_is_no_fault_of_the_logo(client_of, cast, filled, monkeypatch):
    def run(data):
        raise TooHeavy(ExceededLimit.TIME)

    monkeypatch.setattr(LOGOS, "run", run)
    typed = filled(logo=(io.BytesIO(picture()), "logo.png"))
    refused = client_of(cast.ana).post(URL, data=typed)
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "30"
    assert "Send yours again in a minute" in refused.text and "damaged" not in refused.text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("accent", "red", "six digits"),
        ("third", "#12345", "six digits"),
        ("strip_opacity", "39", "between 40 and 100"),
        ("strip_opacity", "much", "between 40 and 100"),
        ("strip_opacity", "9" * 400, "between 40 and 100"),
        ("strip_position", "beside", "Not a valid choice"),
        ("page_format", "b5", "Not a valid choice"),
        ("cover_note", "x" * 501, "500"),
        ("cover_note", "\n".join("abcdefg"), "at most 6 lines"),
        ("footer", "x" * 121, "120"),
        ("contact", "x" * 501, "500"),
    ],
)
def test_invalid_values_are_422_with_the_form(client_of, cast, filled, company, name, value, words):
    for url in (URL, PREVIEW):
        refused = client_of(cast.ana).post(url, data=filled(**{name: value}))
        assert refused.status_code == 422, url
        assert words in refused.text
    with company() as tenant:
        assert (tenant.pdf, tenant.watermark, tenant.contact) == ({}, {}, "")
        assert db.session.scalars(select(BrandPreview)).all() == []


@pytest.mark.parametrize(
    ("values", "saved"),
    [
        # hidden (as shown), picker, text
        (["#1f5fa8", "#aa0000", "#1f5fa8"], "#aa0000"),
        (["#1f5fa8", "#1f5fa8", "#00aa00"], "#00aa00"),
        (["#1f5fa8", "#aa0000", "#00AA00"], "#00aa00"),
        (["#1f5fa8", "#1f5fa8", "#1f5fa8"], "#1f5fa8"),
    ],
)
def test_without_javascript_the_changed_colour_input_wins(
    client_of, cast, filled, company, values, saved
):
    client_of(cast.ana).post(URL, data=filled(accent=values))
    with company() as tenant:
        assert tenant.colour_accent == saved


def test_pale_colours_are_saved_with_an_explanation(client_of, cast, filled, company):
    client = client_of(cast.ana)
    notes = client.get(COLOURS, query_string={"accent": "#ffee00", "second": "#abc"}, headers=HTMX)
    assert notes.text.lstrip().startswith("<ul")
    assert "Too pale for text on white: its contrast is 1.2" in notes.text
    assert "Second colour" not in notes.text
    assert client.post(URL, data=filled(accent="#ffee00")).status_code == 303
    assert "Too pale" in client.get(URL).text
    with company() as tenant:
        assert tenant.colour_accent == "#ffee00"


def test_contrast_uses_the_readers_decimal_mark(client_of, cast):
    client = client_of(cast.ana)
    client.post("/account", data={"name": "Ana", "locale": "pt_BR", "time_zone": "inherited"})
    notes = client.get(COLOURS, query_string={"accent": "#ffee00"}, headers=HTMX).text
    assert "o contraste é 1,2" in notes and "4.5" not in notes


def test_fragment_and_page_agree(client_of, cast, filled):
    client = client_of(cast.ana)
    assert 'id="brand-preview"' in client.get(URL).text
    waiting = client.post(PREVIEW, data=filled(), headers=HTMX)
    assert waiting.text.lstrip().startswith("<section") and "every 1s" in waiting.text
    asked = client.get(PREVIEW, headers=HTMX)
    assert asked.text == waiting.text
    assert 'data-state="queued"' in client.get(URL).text
    assert waiting.headers["Vary"].count("HX-Request")


def test_without_javascript_the_form_keeps_the_input(client_of, cast, filled):
    client = client_of(cast.ana)
    asked = client.post(PREVIEW, data=filled(accent="#0b6e4f", footer="only typed", strip_logo=""))
    assert asked.status_code == 303
    page = client.get(asked.location).text
    assert 'value="only typed"' in page and 'value="#0b6e4f"' in page and "Refresh" in page
    assert "only typed" not in client.get(URL).text
    assert client.get(PREVIEW).status_code == 303


def test_equal_settings_reuse_the_preview_and_new_ones_replace_it(client_of, cast, filled, acting):
    client = client_of(cast.ana)
    for _ in range(2):
        client.post(PREVIEW, data=filled(), headers=HTMX)
    client.post(PREVIEW, data=filled(footer="newer"), headers=HTMX)
    with acting(cast.ana):
        rows = db.session.scalars(select(BrandPreview).order_by(BrandPreview.queued_at)).all()
        assert [(row.state, row.error) for row in rows] == [
            (WorkState.FAILED, "superseded"),
            (WorkState.QUEUED, None),
        ]
        assert rows[1].settings["pdf"]["footer"] == "newer"
    client.post(PREVIEW, data=filled(footer="newest"), headers=HTMX)
    with acting(cast.ana):
        states = db.session.scalars(select(BrandPreview.state)).all()
        assert sorted(states) == ["failed", "queued"]


def test_an_invalid_form_keeps_the_preview_and_shows_a_message(client_of, cast, filled):
    refused = client_of(cast.ana).post(PREVIEW, data=filled(accent="#1"), headers=HTMX)
    assert refused.status_code == 422
    assert "the preview is on hold" in refused.text and "every 1s" not in refused.text


def test_only_admins_of_the_company_have_access(client_of, cast, anonymous, filled):
    typed = filled()
    for person in (cast.max, cast.tess, cast.vera, cast.sam):
        client = client_of(person)
        assert client.get(URL).status_code == 403
        assert client.post(URL, data=typed).status_code == 403
        assert client.post(PREVIEW, data=typed).status_code == 403
        assert client.get(COLOURS).status_code == 403
    assert "/login" in anonymous.get(URL).location
    assert anonymous.post(PREVIEW, data=typed, headers=HTMX).status_code == 401


def test_the_preview_has_real_pages_and_a_real_photo(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(URL, data={**filled(), "logo": (io.BytesIO(picture(size=(400, 200))), "l.png")})
    client.post(PREVIEW, data=filled(page_format="letter", accent="#b3005e"), headers=HTMX)
    preview = newest_preview(acting, cast)
    with app.app_context():
        runner.run(PREVIEWING.name, str(preview.id))
    done = client.get(PREVIEW, headers=HTMX).text
    assert 'data-state="done"' in done and "every 1s" not in done
    pictures = {part: fetch_image(client, preview.id, part) for part in previews.PARTS}
    assert pictures["cover"].size == (1000, 1295)
    assert pictures["page"].size == (1000, 1295)
    # The band on the cover has the accent colour, and the photo has the watermark strip.
    assert pictures["cover"].getpixel((10, 100)) == (0xB3, 0x00, 0x5E)
    assert pictures["photo"].width == 960 and pictures["photo"].height > 720
    assert client_of(cast.otto).get(f"{PREVIEW}/{preview.id}/cover").status_code == 404
    assert client_of(cast.max).get(f"{PREVIEW}/{preview.id}/cover").status_code == 403
    # These images stay until the next preview is finished.
    client.post(PREVIEW, data=filled(strip_position="on"), headers=HTMX)
    waiting = client.get(PREVIEW, headers=HTMX).text
    assert str(preview.id) in waiting
    assert "is-old" in waiting and "The previous one is shown until it is ready." in waiting
    with app.app_context():
        runner.run(PREVIEWING.name, str(newest_preview(acting, cast).id))
    assert "is-old" not in client.get(PREVIEW, headers=HTMX).text
    on_it = fetch_image(client, newest_preview(acting, cast).id, "photo")
    assert on_it.size == (960, 720)


def test_a_cancelled_preview_publishes_nothing(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(PREVIEW, data=filled(), headers=HTMX)
    first = newest_preview(acting, cast).id
    client.post(PREVIEW, data=filled(footer="newer"), headers=HTMX)
    with app.app_context():
        runner.run(PREVIEWING.name, str(first))
    with acting(cast.ana):
        row = db.session.scalars(select(BrandPreview).where(BrandPreview.id == first)).one()
        assert (row.state, row.cover_key) == (WorkState.FAILED, None)
    assert client.get(f"{PREVIEW}/{first}/cover").status_code == 404


def test_a_preview_deleted_during_rendering_ends_without_error(
    app, client_of, cast, filled, acting, monkeypatch, caplog
):
    client = client_of(cast.ana)
    client.post(PREVIEW, data=filled(), headers=HTMX)
    first = newest_preview(acting, cast).id
    draw = previewing._page_images

    def drawn_late(output):
        for footer in ("newer", "newest"):
            client.post(PREVIEW, data=filled(footer=footer), headers=HTMX)
        db.session.remove()  # the test's requests and the job share this session
        return draw(output)

    monkeypatch.setattr(previewing, "_page_images", drawn_late)
    with app.app_context(), caplog.at_level("ERROR"):
        runner.run(PREVIEWING.name, str(first))
    with acting(cast.ana):
        assert first not in db.session.scalars(select(BrandPreview.id)).all()
    assert not [one for one in caplog.records if one.name.startswith("app.jobs")]


def test_a_missing_logo_file_does_not_fail_the_preview(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(URL, data={**filled(), "logo": (io.BytesIO(picture()), "l.png")})
    with acting(cast.ana):
        storage().delete(db.session.scalars(select(Tenant.logo_key)).one() or "")
    client.post(PREVIEW, data=filled(), headers=HTMX)
    with app.app_context():
        runner.run(PREVIEWING.name, str(newest_preview(acting, cast).id))
    assert newest_preview(acting, cast).state is WorkState.DONE


def test_the_preview_shows_the_chosen_layout(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    covers = set()
    for layout in Layout:
        client.post(PREVIEW, data=filled(layout=layout.value), headers=HTMX)
        preview = newest_preview(acting, cast)
        with app.app_context():
            runner.run(PREVIEWING.name, str(preview.id))
        covers.add(fetch_image(client, preview.id, "cover").tobytes())
        assert fetch_image(client, preview.id, "page").width > 500
    assert len(covers) == len(Layout)


def test_a_suspended_company_can_read_but_not_change_its_brand(app, client_of, cast, filled):
    typed, client = filled(), client_of(cast.ana)

    def become(status: TenantStatus) -> None:
        """Set the status in a committed transaction of the platform's role."""
        with app.app_context(), platform_scope() as session:
            session.get_one(Tenant, cast.acme).status = status
            session.commit()

    become(TenantStatus.SUSPENDED)
    try:
        assert client.post(URL, data=typed).status_code == 403
        assert client.post(PREVIEW, data=typed).status_code == 403
        assert client.get(URL).status_code == 200
    finally:
        become(TenantStatus.ACTIVE)


def test_saved_settings_are_loaded_unchanged(acting, cast):
    strip = WatermarkSettings(logo=False, position=StripPosition.ON, opacity=45)
    paper = PdfSettings(photo_size=PhotoSize.COMPACT, page_format=PageFormat.LETTER)
    with acting(cast.ana) as actor:
        change_watermark(strip, actor=actor)
        change_pdf(paper, actor=actor)
        db.session.commit()
        draft = draft_of(db.session.scalars(select(Tenant)).one())
        assert (draft.watermark, draft.pdf) == (strip, paper)


def newest_preview(acting, cast) -> BrandPreview:
    with acting(cast.ana):
        view = previews.find_view(cast.ana.id)
        assert view.newest
        return view.newest


def fetch_image(client, preview_id, part) -> Image.Image:
    answer = client.get(f"{PREVIEW}/{preview_id}/{part}")
    assert answer.status_code == 200, part
    assert answer.content_type == previews.PARTS[part]
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    return Image.open(io.BytesIO(answer.data))

"""The brand page: what an admin may change, what is refused with which words, and the preview."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
from PIL import Image
from sqlalchemy import select

from app.company import previewing, previews
from app.company.brand_forms import values_of
from app.company.draft import draft_of
from app.company.service import change_pdf, change_watermark
from app.evidence.queries import list_entries
from app.extensions import db
from app.imaging.settings import StripPosition, WatermarkSettings
from app.jobs import runner
from app.models import BrandPreview, Tenant, TenantStatus, WorkState
from app.pdf.settings import PageFormat, PdfSettings, PhotoSize
from app.tenancy import platform_scope
from tests.stored import storage

URL, PREVIEW, COLOURS = "/company/brand", "/company/brand/preview", "/company/brand/colours"
HTMX = {"HX-Request": "true"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 30)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#0b6e4f").save(target, kind)
    return target.getvalue()


@pytest.fixture
def filled(acting, cast):
    """The form as the page shows it, as a browser posts it; `changes` are what was typed."""

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


def test_the_page_shows_what_is_in_force(client_of, cast, acting):
    with acting(cast.ana) as actor:
        change_pdf(PdfSettings(footer="CREA 5061234567"), actor=actor)
        db.session.commit()
    page = client_of(cast.ana).get(URL).text
    assert 'value="#1f5fa8"' in page
    assert "CREA 5061234567" in page
    assert "Time and hash are always there" in page
    assert "Reads well on white (6.4)" in page


def test_everything_is_saved_and_audited_with_old_and_new(client_of, cast, filled, company):
    typed = filled(
        accent="#0B6E4F",
        contact="Rua 1\r\nSão Paulo",
        strip_place=False,
        strip_position="on",
        strip_opacity="60",
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


def test_saved_twice_it_is_written_down_once(client_of, cast, filled, company):
    typed = filled(footer="Confidential")
    for _ in range(2):
        assert client_of(cast.ana).post(URL, data=typed).status_code == 303
    with company():
        assert [one.action for one in list_entries("tenant", cast.acme)] == ["tenant.pdf_changed"]


def test_two_logos_are_cleaned_shown_and_taken_away(client_of, cast, filled, company):
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
        (SVG, "neither PNG nor JPEG"),
        (b"GIF89a" + b"\0" * 40, "neither PNG nor JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "neither PNG nor JPEG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRbroken", "damaged"),
        (picture() + b"\0" * (5 << 20), "more than 5 MB"),
    ],
)
def test_what_is_no_logo_is_refused_with_words_and_nothing_is_saved(
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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("accent", "red", "six digits"),
        ("third", "#12345", "six digits"),
        ("strip_opacity", "39", "from 40 to 100"),
        ("strip_opacity", "much", "from 40 to 100"),
        ("strip_opacity", "9" * 400, "from 40 to 100"),
        ("strip_position", "beside", "Not a valid choice"),
        ("page_format", "b5", "Not a valid choice"),
        ("cover_note", "x" * 501, "500"),
        ("cover_note", "\n".join("abcdefg"), "6 lines at most"),
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
def test_without_scripts_picker_or_text_counts_whichever_was_changed(
    client_of, cast, filled, company, values, saved
):
    client_of(cast.ana).post(URL, data=filled(accent=values))
    with company() as tenant:
        assert tenant.colour_accent == saved


def test_pale_colours_are_kept_and_what_happens_is_said(client_of, cast, filled, company):
    client = client_of(cast.ana)
    notes = client.get(COLOURS, query_string={"accent": "#ffee00", "second": "#abc"}, headers=HTMX)
    assert notes.text.lstrip().startswith("<ul")
    assert "Too pale for words on white: its contrast is 1.2" in notes.text
    assert "Second colour" not in notes.text
    assert client.post(URL, data=filled(accent="#ffee00")).status_code == 303
    assert "Too pale" in client.get(URL).text
    with company() as tenant:
        assert tenant.colour_accent == "#ffee00"


def test_contrast_is_said_with_the_readers_decimal_mark(client_of, cast):
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


def test_without_scripts_the_form_keeps_what_was_typed(client_of, cast, filled):
    client = client_of(cast.ana)
    asked = client.post(PREVIEW, data=filled(accent="#0b6e4f", footer="only typed", strip_logo=""))
    assert asked.status_code == 303
    page = client.get(asked.location).text
    assert 'value="only typed"' in page and 'value="#0b6e4f"' in page and "Look again" in page
    assert "only typed" not in client.get(URL).text
    assert client.get(PREVIEW).status_code == 303


def test_the_same_again_is_the_same_preview_and_a_newer_one_takes_its_place(
    client_of, cast, filled, acting
):
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


def test_a_refused_form_leaves_the_preview_and_says_so(client_of, cast, filled):
    refused = client_of(cast.ana).post(PREVIEW, data=filled(accent="#1"), headers=HTMX)
    assert refused.status_code == 422
    assert "the preview waits" in refused.text and "every 1s" not in refused.text


def test_only_the_companys_admin_may(client_of, cast, anonymous, filled):
    typed = filled()
    for person in (cast.max, cast.tess, cast.vera, cast.sam):
        client = client_of(person)
        assert client.get(URL).status_code == 403
        assert client.post(URL, data=typed).status_code == 403
        assert client.post(PREVIEW, data=typed).status_code == 403
        assert client.get(COLOURS).status_code == 403
    assert "/login" in anonymous.get(URL).location
    assert anonymous.post(PREVIEW, data=typed, headers=HTMX).status_code == 401


def test_what_is_drawn_is_a_real_page_and_a_real_photo(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(URL, data={**filled(), "logo": (io.BytesIO(picture(size=(400, 200))), "l.png")})
    client.post(PREVIEW, data=filled(page_format="letter", accent="#b3005e"), headers=HTMX)
    preview = newest(acting, cast)
    with app.app_context():
        runner.run(previews.KIND, str(preview.id))
    done = client.get(PREVIEW, headers=HTMX).text
    assert 'data-state="done"' in done and "every 1s" not in done
    pictures = {part: fetched(client, preview.id, part) for part in previews.PARTS}
    assert pictures["cover"].size == (1000, 1295)
    assert pictures["page"].size == (1000, 1295)
    # The band of the cover has the colour, and the photo its strip.
    assert pictures["cover"].getpixel((10, 100)) == (0xB3, 0x00, 0x5E)
    assert pictures["photo"].width == 960 and pictures["photo"].height > 720
    assert client_of(cast.otto).get(f"{PREVIEW}/{preview.id}/cover").status_code == 404
    assert client_of(cast.max).get(f"{PREVIEW}/{preview.id}/cover").status_code == 403
    # The next one leaves these pictures until it is done.
    client.post(PREVIEW, data=filled(strip_position="on"), headers=HTMX)
    assert str(preview.id) in client.get(PREVIEW, headers=HTMX).text
    with app.app_context():
        runner.run(previews.KIND, str(newest(acting, cast).id))
    on_it = fetched(client, newest(acting, cast).id, "photo")
    assert on_it.size == (960, 720)


def test_a_preview_that_was_overtaken_publishes_nothing(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(PREVIEW, data=filled(), headers=HTMX)
    first = newest(acting, cast).id
    client.post(PREVIEW, data=filled(footer="newer"), headers=HTMX)
    with app.app_context():
        runner.run(previews.KIND, str(first))
    with acting(cast.ana):
        row = db.session.scalars(select(BrandPreview).where(BrandPreview.id == first)).one()
        assert (row.state, row.cover_key) == (WorkState.FAILED, None)
    assert client.get(f"{PREVIEW}/{first}/cover").status_code == 404


def test_a_preview_whose_row_went_while_it_was_drawn_ends_quietly(
    app, client_of, cast, filled, acting, monkeypatch, caplog
):
    client = client_of(cast.ana)
    client.post(PREVIEW, data=filled(), headers=HTMX)
    first = newest(acting, cast).id
    draw = previewing._pictures

    def drawn_late(output):
        for footer in ("newer", "newest"):
            client.post(PREVIEW, data=filled(footer=footer), headers=HTMX)
        db.session.remove()  # the requests shared it with the job
        return draw(output)

    monkeypatch.setattr(previewing, "_pictures", drawn_late)
    with app.app_context(), caplog.at_level("ERROR"):
        runner.run(previews.KIND, str(first))
    with acting(cast.ana):
        assert first not in db.session.scalars(select(BrandPreview.id)).all()
    assert not [one for one in caplog.records if one.name.startswith("app.jobs")]


def test_a_logo_that_the_storage_lost_fails_no_preview(app, client_of, cast, filled, acting):
    client = client_of(cast.ana)
    client.post(URL, data={**filled(), "logo": (io.BytesIO(picture()), "l.png")})
    with acting(cast.ana):
        storage().delete(db.session.scalars(select(Tenant.logo_key)).one() or "")
    client.post(PREVIEW, data=filled(), headers=HTMX)
    with app.app_context():
        runner.run(previews.KIND, str(newest(acting, cast).id))
    assert newest(acting, cast).state is WorkState.DONE


def test_a_suspended_company_reads_and_changes_nothing(app, client_of, cast, filled):
    typed, client = filled(), client_of(cast.ana)

    def become(status: TenantStatus) -> None:
        """Really committed, by the platform's role."""
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


def test_settings_come_back_as_they_were_chosen(acting, cast):
    strip = WatermarkSettings(logo=False, position=StripPosition.ON, opacity=45)
    paper = PdfSettings(photo_size=PhotoSize.COMPACT, page_format=PageFormat.LETTER)
    with acting(cast.ana) as actor:
        change_watermark(strip, actor=actor)
        change_pdf(paper, actor=actor)
        db.session.commit()
        draft = draft_of(db.session.scalars(select(Tenant)).one())
        assert (draft.watermark, draft.pdf) == (strip, paper)


def newest(acting, cast) -> BrandPreview:
    with acting(cast.ana):
        view = previews.find_view(cast.ana.id)
        assert view.newest
        return view.newest


def fetched(client, preview_id, part) -> Image.Image:
    answer = client.get(f"{PREVIEW}/{preview_id}/{part}")
    assert answer.status_code == 200, part
    assert answer.content_type == previews.PARTS[part]
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    return Image.open(io.BytesIO(answer.data))

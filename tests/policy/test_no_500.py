"""Whatever arrives, no route breaks: hostile forms, queries and bodies are refused or taken."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import scenarios
from tests.policy.test_other_tenants import WORDS, choices

NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "", " ", "\x00", "a\x00b", "\ud800", "‮abc", "NaN", "inf", "-1", "1e999999",
            str(2**63), "9" * 400, "0000-00-00", "9999-99-99", "25:61", "[]", "{}", "null", "true",
            "not-a-uuid", "00000000-0000-0000-0000-000000000000", "<script>", "../../etc/passwd",
            "%s%n", "'; drop table reports; --", "x" * 50_000, "é" * 3_000,
        ]
    ),
)  # fmt: skip
NAMES = (
    "value", "comment", "na_reason", "row_version", "client_id", "client_at", "caption", "reason",
    "step", "title", "name", "client", "address", "latitude", "longitude", "accuracy", "sha256",
    "position_at", "source", "signer_name", "strokes", "checklist_id", "project_id", "tag",
    "equipment_tag", "assignee_id", "email", "password", "current", "new", "locale", "time_zone",
    "next", "q", "page", "status", "search", "at", "project", "checklist", "cell:a:before",
)  # fmt: skip
FILES = ("file", "image", "strokes", "workbook")
FORMS = st.dictionaries(st.sampled_from(NAMES), st.lists(NASTY, min_size=1, max_size=3), max_size=6)
BYTES = st.one_of(st.binary(max_size=300), st.sampled_from([b"\xff\xd8\xff\xe0", b"PK\x03\x04"]))


@contextmanager
def as_in_production(app) -> Iterator[None]:
    """The real handlers answer, as they would outside a test."""
    before = app.config.get("PROPAGATE_EXCEPTIONS")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        yield
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = before


@pytest.fixture
def world(acting, cast):
    with acting(cast.ana) as ana:
        version = scenarios.a_checklist(ana)
        project = scenarios.a_project(ana)
        report = scenarios.a_report(ana, version=version, project=project)
        photo = scenarios.a_photo(report, "enclosure", ana)
        signature = scenarios.a_signature(report, "technician", ana)
        return {
            "tenant_id": cast.acme, "project_id": project.id, "report_id": report.id,
            "checklist_id": version.checklist_id, "version_id": version.id, "photo_id": photo.id,
            "signature_id": signature.id, "document_id": report.id,
        }  # fmt: skip


def targets(app, world) -> list[tuple[str, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "auth.logout"):
            continue
        values = {
            name: world[name] if name in world else choices(rule, name)[0]
            for name in rule.arguments
            if name in world or name in WORDS or name == "kind"
        }
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        found += [(method, url) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return sorted(found)


def clean(texts: list[str]) -> list[str]:
    """What a client can put on the wire: lone surrogates travel as their raw bytes."""
    return [text.encode("utf-8", "surrogatepass").decode("latin-1") for text in texts]


@pytest.mark.parametrize("who", ["ana", "tess"])
def test_no_route_breaks(app, cast, client_of, world, who):
    client = client_of(getattr(cast, who))
    addresses = targets(app, world)
    assert len(addresses) > 50

    @settings(
        max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.sampled_from(addresses), FORMS, st.dictionaries(st.sampled_from(FILES), BYTES),
           st.booleans())  # fmt: skip
    def strike(address, form, files, is_htmx):
        method, url = address
        fields = {name: clean(texts) for name, texts in form.items()}
        headers = {"HX-Request": "true"} if is_htmx else {}
        if method == "GET":
            response = client.get(url, query_string=fields, headers=headers)
        else:
            parts = {name: (io.BytesIO(data), "x.bin") for name, data in files.items()}
            response = client.open(
                url, method=method, data={**fields, **parts}, headers=headers,
                content_type="multipart/form-data" if parts else None,
            )  # fmt: skip
        assert response.status_code < 500, (method, url, form)
        assert "Traceback" not in response.get_data(as_text=False).decode(errors="replace")

    with as_in_production(app):
        strike()
        for method, url in addresses:
            for body, kind in ((b"{", "application/json"), (b"\xff\x00", "text/plain")):
                if method != "GET":
                    answer = client.open(url, method=method, data=body, content_type=kind)
                    assert answer.status_code < 500, (method, url, kind)

"""What every template may call: assets, navigation, brand, request id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.models import Role
from app.web.brand import brand_css_url, tenant_logo_url
from app.web.errors import translated
from app.web.headers import request_id
from app.web.read_only import own_reason
from app.web.way_back import way_back

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


@dataclass(frozen=True, slots=True)
class NavItem:
    endpoint: str
    label: str
    icon: str
    active: bool


@cache
def _manifest(path: Path, _changed: float) -> dict[str, str]:
    return dict(json.loads(path.read_text()))


def asset_url(name: str) -> str:
    """The content-hashed address of a built asset. Raises KeyError for an unknown one.

    Looked up once a request: a long page draws a thousand icons from one file.
    """
    urls: dict[str, str] = g.setdefault("asset_urls", {})
    if name not in urls:
        path = DIST / "manifest.json"
        hashed = _manifest(path, path.stat().st_mtime)[name]
        urls[name] = url_for("static", filename=f"dist/{hashed}")
    return urls[name]


def nav_items() -> list[NavItem]:
    """The sections that the signed-in person may open."""
    if not current_user.is_authenticated:
        return []
    if current_user.role is Role.SUPERADMIN:
        is_audit = (request.endpoint or "").startswith("platform.audit")
        is_platform = (request.endpoint or "").startswith("platform.")
        return [
            NavItem("platform.index", _("Companies"), "building", is_platform and not is_audit),
            NavItem("platform.audit", _("Audit"), "history", is_audit),
        ]
    sections = [
        ("home.index", _("Home"), "home"),
        ("reports.index", _("Reports"), "clipboard-list"),
    ]
    if current_user.role is not Role.VIEWER:
        sections.append(("projects.index", _("Projects"), "building"))
        sections.append(("checklists.index", _("Checklists"), "list-check"))
    here = (request.endpoint or "").split(".")[0]
    items = [
        NavItem(endpoint, label, icon, endpoint.split(".")[0] == here)
        for endpoint, label, icon in sections
    ]
    if current_user.role is Role.ADMIN and (tabs := company_tabs()):
        is_here = any(tab.active for tab in tabs)
        items.append(NavItem(tabs[0].endpoint, _("Company"), "settings", is_here))
    return items


def company_tabs() -> list[NavItem]:
    """The pages on which an admin runs the company's space."""
    tabs = [
        ("team.index", _("People"), "users"),
        ("company.brand", _("Brand"), "palette"),
        ("company.settings", _("Settings"), "settings"),
        ("company.usage", _("Usage"), "gauge"),
        ("evidence.index", _("Audit"), "history"),
    ]
    here = request.endpoint or ""
    return [
        NavItem(endpoint, label, icon, _is_within(endpoint, here))
        for endpoint, label, icon in tabs
        if endpoint in current_app.view_functions
    ]


def read_only_sentence() -> str | None:
    """Why the signed-in person's company can only be read, in their language."""
    reason = own_reason()
    return translated(reason) if reason else None


def _is_within(endpoint: str, here: str) -> bool:
    """Whether a page belongs to a tab: `team.show` to `team.index`, `company.brand_x` to brand."""
    if endpoint.endswith(".index"):
        return endpoint.split(".")[0] == here.split(".")[0]
    # The export has no tab of its own: it is found under usage.
    parts = ("company.usage", "company.export") if endpoint == "company.usage" else endpoint
    return here.startswith(parts)


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        asset_url=asset_url,
        nav_items=nav_items,
        company_tabs=company_tabs,
        read_only_sentence=read_only_sentence,
        brand_css_url=brand_css_url,
        tenant_logo_url=tenant_logo_url,
        request_id=request_id,
        way_back=way_back,
        Role=Role,
        max_upload_bytes=app.config["MAX_CONTENT_LENGTH"],
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

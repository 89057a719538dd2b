"""Functions for all templates: assets, navigation, brand, request id."""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask.templating import Environment
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from app.models import Role
from app.web.brand import brand_css_url, tenant_logo_url
from app.web.errors import translated
from app.web.headers import request_id
from app.web.read_only import own_reason
from app.web.way_back import way_back

SHARED = re.compile(r"shared\d+\.js")
DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


class PageEnvironment(Environment):
    """All templates share the globals of the environment; none has globals of its own.

    Jinja would give each template a ChainMap, which it copies at each rendering and compares at
    each import of a macro: a list page has a hundred imports.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


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
    """The content-hashed URL of a built asset. Raises KeyError for an unknown one.

    Cached per request: a long page draws a thousand icons from one file.
    """
    urls: dict[str, str] = g.setdefault("asset_urls", {})
    if name not in urls:
        urls[name] = url_for("static", filename=f"dist/{_hashed(name)}")
    return urls[name]


def shared_scripts() -> list[str]:
    """The URLs of the scripts that app.js imports."""
    return [asset_url(name) for name in _all_hashed() if SHARED.fullmatch(name)]


def asset_file(name: str) -> Path:
    """The file of a built asset. Raises KeyError for an unknown one."""
    return DIST / _hashed(name)


def _hashed(name: str) -> str:
    return _all_hashed()[name]


def _all_hashed() -> dict[str, str]:
    path = DIST / "manifest.json"
    return _manifest(path, path.stat().st_mtime)


def script_words() -> Markup:
    """The sentences that scripts show, in the reader's language. They are the same on every page,
    so they are rendered once in a process."""
    return _script_words(current_app.jinja_env, str(get_locale()))


@cache
def _script_words(environment: Environment, _locale: str) -> Markup:
    text = environment.get_template("components/_words.html").render()
    return Markup(text)  # noqa: S704 - rendered


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
    """The pages on which an admin manages the company."""
    tabs = [
        ("team.index", _("People"), "users"),
        ("branding.edit", _("Brand"), "palette"),
        ("company.settings", _("Settings"), "settings"),
        ("plans.usage", _("Usage"), "gauge"),
        ("audit.index", _("Audit"), "history"),
        ("outboxes.index", _("Unsent work"), "upload"),
    ]
    here = request.endpoint or ""
    return [
        NavItem(endpoint, label, icon, _is_within(endpoint, here))
        for endpoint, label, icon in tabs
        if endpoint in current_app.view_functions
    ]


def read_only_sentence() -> str | None:
    """Why the signed-in person's company is read-only, in their language."""
    reason = own_reason()
    return translated(reason) if reason else None


def _is_within(endpoint: str, here: str) -> bool:
    """Whether a page belongs to a tab: `team.show` to `team.index`, `company.brand_x` to brand."""
    if endpoint.endswith(".index"):
        return endpoint.split(".")[0] == here.split(".")[0]
    # The export has no tab of its own; it belongs to usage.
    parts = ("plans.usage", "exports.company") if endpoint == "plans.usage" else endpoint
    return here.startswith(parts)


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        asset_url=asset_url,
        shared_scripts=shared_scripts,
        script_words=script_words,
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

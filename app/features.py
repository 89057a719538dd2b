"""The list of features: every blueprint, background job and command that create_app joins."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

BLUEPRINTS = (
    "auth",
    "home",
    "projects",
    "checklists",
    "reports",
    "photos",
    "documents",
    "exports",
    "team",
    "company",
    "platform",
    "evidence.routes",
    "mail",
    "api",
)


def init_app(app: Flask) -> None:
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"app.{name}").blueprint)
    for name in ("photos", "documents", "exports", "mail", "platform", "evidence"):
        import_module(f"app.{name}.jobs").register(app)
    for name in ("brand_jobs", "export_jobs"):
        import_module(f"app.company.{name}").register(app)
    import_module("app.cli").init_app(app)

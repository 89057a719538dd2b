"""create_app joins the parts and does nothing else."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from app import storage, tenancy, transactions
from app.config import ROOT, Settings
from app.extensions import compress, csrf, db, htmx, limiter, migrate
from app.gazetteer.lookup import gazetteer

ENGINE_OPTIONS = {
    "pool_pre_ping": True,
    "pool_size": 8,
    "max_overflow": 8,
    "pool_timeout": 5,
    # An error would else carry the values of the statement into the log.
    "hide_parameters": True,
    "connect_args": {
        "connect_timeout": 3,
        "options": "-c statement_timeout=15s -c lock_timeout=5s"
        " -c idle_in_transaction_session_timeout=30s",
    },
}


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Opens no connection; `tenancy.check_app_role` does, at a start.

    Raises GazetteerMissing: a photo that could not name the nearest place would say nothing of it.
    """
    settings = settings or Settings()  # type: ignore[call-arg]
    gazetteer()
    app = Flask(__name__)
    _configure(app, settings)
    _bind_extensions(app)
    _register_features(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.from_mapping({name.upper(): value for name, value in settings})
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=ENGINE_OPTIONS,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        SESSION_COOKIE_NAME="__Host-session" if settings.is_https else "session",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        # The row of the session in the database says how long it lives, not the cookie.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form that waited in a phone's queue for hours is still the person's own.
        WTF_CSRF_TIME_LIMIT=None,
        # The guards check it, when it is known who sends the form (web/guards.py).
        WTF_CSRF_CHECK_DEFAULT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_HEADERS_ENABLED=True,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "app" / "translations"),
        COMPRESS_MIMETYPES=["text/html", "text/plain", "text/css", "application/json"],
        TESTING=settings.testing,
    )


def _bind_extensions(app: Flask) -> None:
    from app.auth import identity
    from app.evidence import service as evidence
    from app.jobs import queue
    from app.web import (
        access,
        errors,
        filters,
        headers,
        hosts,
        locale,
        page,
        refused_forms,
        uploads,
    )

    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    htmx.init_app(app)
    access.init_app(app)
    headers.init_app(app)
    with app.app_context():
        tenancy.init_app(app)
        transactions.init_app()
        evidence.init_app()
        queue.init_app(app)
    csrf.init_app(app)
    identity.init_app(app)
    limiter.init_app(app)
    compress.init_app(app)
    locale.init_app(app)
    filters.init_app(app)
    page.init_app(app)
    refused_forms.init_app(app)
    errors.init_app(app)
    storage.init_app(app)
    uploads.init_app(app)
    hosts.init_app(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(ROOT / "app" / "static"),
        prefix="static/",
        max_age=31536000,
        immutable_file_test=lambda path, url: "/dist/" in url,
    )


def _register_features(app: Flask) -> None:
    from app import features

    features.init_app(app)

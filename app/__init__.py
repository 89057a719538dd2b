"""create_app assembles the application and does nothing else."""

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
    # Otherwise errors would write the statement's values to the log.
    "hide_parameters": True,
    # Time-outs of statements belong to the roles (database_roles.TIMEOUTS), not here: PgBouncer
    # refuses start-up options.
    "connect_args": {"connect_timeout": 3},
}


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Opens no connection; `tenancy.check_app_role` does, at startup.

    Raises GazetteerMissing: without the file, photos would silently lack their nearest place.
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
        # The session's row in the database decides its lifetime, not the cookie.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form may wait for hours in a phone's outbox and is still valid.
        WTF_CSRF_TIME_LIMIT=None,
        # The guards check the token once they know who sends the form (web/guards.py).
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
        impersonal,
        locale,
        offline,
        page,
        refused_forms,
        uploads,
    )

    # Before anything makes the environment.
    app.jinja_environment = page.PageEnvironment
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    htmx.init_app(app)
    access.init_app(app)
    headers.init_app(app)
    impersonal.init_app(app)
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
    offline.init_app(app)
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

"""Signing in and out, accounts, sessions."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

from app.auth import (  # noqa: E402
    account_routes,  # noqa: F401
    device_routes,  # noqa: F401
    passkey_login_routes,  # noqa: F401
    passkey_routes,  # noqa: F401
    reset_routes,  # noqa: F401
    routes,  # noqa: F401
    second_factor_routes,  # noqa: F401
    second_step_routes,  # noqa: F401
)

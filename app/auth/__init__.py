"""Signing in and out, accounts, sessions."""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

from app.auth import routes  # noqa: E402, F401

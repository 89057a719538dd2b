"""A company's brand: logos, colours, contact, photo watermark and PDF settings, with a preview."""

from flask import Blueprint

blueprint = Blueprint("branding", __name__)

from app.branding import routes, stylesheet_routes  # noqa: E402, F401

"""Witness links: one report for a person without an account, who reads, comments and signs.

A manager sends the link. It opens a page of its own: app/templates/layouts/ and the scripts of the
application are for people with an account.
"""

from flask import Blueprint

blueprint = Blueprint("witnessing", __name__)

from app.witnessing import public_routes, routes  # noqa: E402, F401

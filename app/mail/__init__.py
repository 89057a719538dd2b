"""Mails: asked for as rows beside the change that they tell of, sent by the worker."""

from flask import Blueprint

blueprint = Blueprint("mail", __name__)

from app.mail import routes  # noqa: E402, F401

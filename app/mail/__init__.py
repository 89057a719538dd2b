"""E-mails: queued as rows in the transaction of a change, sent by the worker."""

from flask import Blueprint

blueprint = Blueprint("mail", __name__)

from app.mail import routes  # noqa: E402, F401

"""The public page of a report, /v/<token>: whether it is valid, for people without an account.

It shows no names of people, no photos and no places, sets no cookie, and the comparison of a file
happens in the browser.
"""

from flask import Blueprint

blueprint = Blueprint("checking", __name__)

from app.checking import routes  # noqa: E402, F401

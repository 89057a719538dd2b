"""The import of a device's unsent work from the file that its queue page saves."""

from flask import Blueprint

blueprint = Blueprint("outboxes", __name__)

from app.outboxes import routes  # noqa: E402, F401

"""Work without a connection: the service worker's script, and the page of what a device keeps.

What the device does is in assets/src/worker and assets/src/kept.
"""

from flask import Blueprint

blueprint = Blueprint("offline", __name__)

from app.offline import routes  # noqa: E402, F401

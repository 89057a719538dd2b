"""PDF documents: request, progress, download."""

from flask import Blueprint

blueprint = Blueprint("documents", __name__)

from app.documents import routes  # noqa: E402, F401

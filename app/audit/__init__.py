"""The pages of the audit chain: search, single entries, the state of the chain, the export."""

from flask import Blueprint

blueprint = Blueprint("audit", __name__)

from app.audit import routes  # noqa: E402, F401

"""Checklists: upload of a workbook or an XLSForm, preview, publishing of versions."""

from flask import Blueprint

blueprint = Blueprint("checklists", __name__)

from app.checklists import form_routes, routes  # noqa: E402, F401

"""Checklists: upload of a workbook or an XLSForm, preview, publishing of versions."""

from flask import Blueprint

blueprint = Blueprint("checklists", __name__)

from app.checklists import form_routes, routes, version_routes  # noqa: E402, F401
from app.checklists.building import routes as building_routes  # noqa: E402, F401
from app.checklists.mapping import routes as mapping_routes  # noqa: E402, F401

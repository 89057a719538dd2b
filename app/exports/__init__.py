"""Exports that a worker makes as files: the answers of many reports, or all data of a company."""

from flask import Blueprint

blueprint = Blueprint("exports", __name__)

import app.exports.answers.routes  # noqa: E402
import app.exports.bundle.routes  # noqa: E402
import app.exports.company.routes  # noqa: E402
import app.exports.workbook_copies.routes  # noqa: E402, F401

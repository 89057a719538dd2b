"""Projects: list, create, edit, archive, and their members, viewers, checklists and equipment."""

from flask import Blueprint

blueprint = Blueprint("projects", __name__)

from app.projects import belonging_routes, routes, show_routes  # noqa: E402, F401

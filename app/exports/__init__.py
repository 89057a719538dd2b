"""The answers of many reports as one file: asked for, made by a worker, downloaded."""

from flask import Blueprint

blueprint = Blueprint("exports", __name__)

from app.exports import routes  # noqa: E402, F401

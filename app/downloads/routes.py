"""Serves the file behind a signed link, for all features."""

from __future__ import annotations

from flask import Response

from app.downloads import blueprint
from app.downloads.files import send_stored
from app.downloads.links import read_link
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.get("/files/<token>")
@requires(*MEMBERS)
def stored_file(token: str) -> Response:
    link = read_link(token, actor=current_actor())
    return send_stored(
        link.key,
        media_type=link.media_type,
        byte_size=link.byte_size,
        etag=link.sha256,
        download_name=link.file_name,
    )

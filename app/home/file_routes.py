"""Routes of home: the file behind a signed link, whichever feature made it."""

from __future__ import annotations

from flask import Response

from app.home import blueprint
from app.web.files import send_stored
from app.web.guards import MEMBERS, current_actor, requires
from app.web.links import read_link


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

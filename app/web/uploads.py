"""The request class: each uploaded file is written once, and hashed while it comes."""

from __future__ import annotations

from typing import IO, Any

from flask import Flask
from htmx_flask.requests import HtmxAwareRequest

from app.storage import Incoming


class UploadRequest(HtmxAwareRequest):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._incoming: list[Incoming] = []

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        """What werkzeug's parser of forms writes a file part to."""
        file = Incoming()
        self._incoming.append(file)
        return file

    def close(self) -> None:
        """Also what was half received when the disk was full: no form names it."""
        super().close()
        for file in self._incoming:
            file.close()


def init_app(app: Flask) -> None:
    """After htmx, whose own request class this one extends."""
    app.request_class = UploadRequest

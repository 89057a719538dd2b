"""The request class: writes each uploaded file once and hashes it on arrival."""

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
        """The stream to which werkzeug's form parser writes a file part."""
        file = Incoming()
        self._incoming.append(file)
        return file

    def close(self) -> None:
        """Also close files that were only partly received, which no form field refers to."""
        super().close()
        for file in self._incoming:
            file.close()


def init_app(app: Flask) -> None:
    """Call after htmx, whose request class this one extends."""
    app.request_class = UploadRequest

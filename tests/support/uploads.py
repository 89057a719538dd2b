"""A phone that sends photos by the tus protocol, through a test client or as a service's caller."""

from __future__ import annotations

import base64
import io
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Actor
from app.storage import receive
from app.uploads.queries import get_upload
from app.uploads.service import NewUpload, add_piece, begin
from tests.support.pictures import sha256_of

PIECE = "application/offset+octet-stream"
MOST = 30 * 1024 * 1024


def metadata(**values: object) -> str:
    return ",".join(
        f"{name} {base64.b64encode(str(value).encode()).decode()}" for name, value in values.items()
    )


def announcement(report_id: UUID, data: bytes, client_id: UUID, **headers: Any) -> dict[str, str]:
    """The headers of a POST; those given replace or, if they are None, remove the usual ones."""
    usual = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(data)),
        "Upload-Metadata": metadata(
            client_id=client_id, sha256=sha256_of(data), report_id=report_id
        ),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {name: value for name, value in {**usual, **named}.items() if value is not None}


class Phone:
    """Sends one photo for one report."""

    def __init__(
        self, client: FlaskClient, report_id: UUID, data: bytes, client_id: UUID | None = None
    ) -> None:
        self.client, self.report_id, self.data = client, report_id, data
        self.client_id = client_id or uuid4()
        self.url = f"/uploads/{self.client_id}"

    def announce(self, body: bytes | None = None, **headers: Any) -> TestResponse:
        sent = announcement(self.report_id, self.data, self.client_id, **headers)
        if body is not None:
            sent.setdefault("Content-Type", PIECE)
        return self.client.post("/uploads", headers=sent, data=body)

    def ask(self) -> TestResponse:
        return self.client.head(self.url, headers={"Tus-Resumable": "1.0.0"})

    def send(self, first: int, end: int | None = None, **headers: Any) -> TestResponse:
        """Bytes `first` to `end` in a PATCH that ends as it should."""
        return self.patch(first, self.data[first:end], **headers)

    def send_cut(self, first: int, cut: int) -> TestResponse:
        """A PATCH of all the rest, whose connection ends before the byte `cut`."""
        return self.patch(first, self.data[first:cut], stated=len(self.data) - first)

    def patch(
        self, first: int, body: bytes, stated: int | None = None, **headers: Any
    ) -> TestResponse:
        """`stated` is the size that the request states, if it is not the body's."""
        usual = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(first),
            "Content-Type": PIECE,
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in {**usual, **named}.items() if value is not None}
        size = {} if stated is None else {"CONTENT_LENGTH": str(stated)}
        return self.client.patch(self.url, headers=sent, data=body, environ_overrides=size)

    def offset(self) -> int:
        return int(self.ask().headers["Upload-Offset"])


def an_upload(report_id: UUID, actor: Actor, data: bytes, *, received: int) -> UUID:
    """An upload of which so many bytes have arrived, committed; returns its client id."""
    new = NewUpload(uuid4(), report_id, sha256_of(data), len(data))
    begin(new=new, most_bytes=MOST, actor=actor)
    db.session.commit()
    if received:
        with receive(io.BytesIO(data[:received])) as piece:
            add_piece(get_upload(new.client_id, person=actor), piece)
            db.session.commit()
    return new.client_id

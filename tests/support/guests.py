"""A checklist whose client signs at the approval, and the browser of a witness."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from uuid import UUID

from flask.testing import FlaskClient

from app.definition.schema import Definition, SignatureDue, SignatureRole, Text
from tests.support import scenarios
from tests.support.operations import STROKES, drawn


def definition_with_client(
    due: SignatureDue = SignatureDue.APPROVAL, code: str = "CLI"
) -> Definition:
    """The technician signs at the submit, the client when `due` says."""
    roles = (
        SignatureRole(id="technician", label=Text(en="Technician", pt="Técnico")),
        SignatureRole(id="client", label=Text(en="Client", pt="Cliente"), due=due),
    )
    return scenarios.a_definition(code=code, signature_roles=roles)


@dataclass
class Guest:
    """A browser without an account that holds a witness link."""

    client: FlaskClient
    witness_id: UUID
    token: str

    @property
    def home(self) -> str:
        return f"/witness/{self.witness_id}/"

    def open(self):
        return self.client.get(f"/w/{self.token}")

    def page(self, **arguments):
        return self.client.get(self.home, query_string=arguments)

    def comment(self, field_id: str, words: str):
        return self.client.post(f"{self.home}items/{field_id}/comments", data={"words": words})

    def accept(self, field_id: str, to: str = ""):
        return self.client.post(f"{self.home}items/{field_id}/accept", data={"to": to})

    def sign(self, **changes):
        """Sign what the page shows; `changes` replace parts of the form, None leaves one out."""
        hidden = dict(re.findall(r'name="(client_id|content)" value="([^"]+)"', self.page().text))
        values = {
            "signer_name": "Wanda Witness",
            "image": (io.BytesIO(drawn()), "signature.png"),
            "strokes": (io.BytesIO(json.dumps(STROKES).encode()), "strokes.json"),
            **hidden,
            **changes,
        }
        data = {name: value for name, value in values.items() if value is not None}
        return self.client.post(f"{self.home}signature", data=data)

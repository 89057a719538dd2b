"""Reports whose client signs at the approval, and browsers of people without an account."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.definition.schema import Definition, SignatureDue, SignatureRole, Text
from app.extensions import db
from app.models import ANY_MANAGER
from app.reports.completing.service import submit_report
from app.signing import WITNESS_LINK
from app.witnessing.links import LinkFacts, send_link
from tests.support import scenarios
from tests.support.operations import STROKES, drawn, make_complete


def definition_with_client(
    due: SignatureDue = SignatureDue.APPROVAL, code: str = "CLI"
) -> Definition:
    """The technician signs at the submit, the client when `due` says."""
    roles = (
        SignatureRole(id="technician", label=Text(en="Technician", pt="Técnico")),
        SignatureRole(id="client", label=Text(en="Client", pt="Cliente"), due=due),
    )
    return scenarios.a_definition(code=code, signature_roles=roles)


@pytest.fixture
def filled(acting, cast) -> Callable[..., UUID]:
    """Tess's report, complete but for the client's signature; returns its id."""

    def make(steps: Sequence[str] = (ANY_MANAGER,), **definition) -> UUID:
        with acting(cast.tess) as actor:
            version = scenarios.a_checklist(
                actor, definition_with_client(**definition), review_steps=list(steps)
            )
            report = scenarios.a_report(actor, version=version)
            make_complete(report, actor)
            return report.id

    return make


@pytest.fixture
def submitted(acting, cast, filled) -> Callable[..., UUID]:
    def make(**columns) -> UUID:
        report_id = filled(**columns)
        with acting(cast.tess) as actor:
            submit_report(report_id=report_id, actor=actor)
            db.session.commit()
        return report_id

    return make


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


@pytest.fixture
def invited(app: Flask, acting, cast) -> Callable[..., Guest]:
    """Max sends a link for this report; returns the browser of whoever got it."""

    def make(report_id: UUID, role_id: str | None = "client", **facts) -> Guest:
        with acting(cast.max) as actor:
            values = {
                "name": "Wanda Witness",
                "email": "wanda@client.example",
                "until": date.today() + timedelta(days=7),
                **facts,
            }
            witness = send_link(
                report_id=report_id, facts=LinkFacts(role_id=role_id, **values), actor=actor
            )
            witness_id = witness.id
            db.session.commit()
            return Guest(app.test_client(), witness_id, WITNESS_LINK.token(witness_id))

    return make

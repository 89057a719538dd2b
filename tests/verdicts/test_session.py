"""What a phone asks before it sends: who is logged in, and with which token."""

from __future__ import annotations

import pytest


def test_a_member_gets_their_account_and_a_token(client_of, cast):
    answer = client_of(cast.tess).get("/session.json")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.json["account"] == str(cast.tess.id)
    assert answer.json["name"] == cast.tess.name and answer.json["csrf_token"]


def test_nobody_and_the_platform_get_no_account(anonymous, client_of, cast):
    for client in (anonymous, client_of(cast.sam)):
        answer = client.get("/session.json")
        assert answer.status_code == 401 and answer.headers["Cache-Control"] == "no-store"
        assert answer.json == {"account": None}


@pytest.mark.parametrize("with_token", [True, False])
def test_the_token_is_that_of_an_operation(app, client_of, cast, monkeypatch, with_token):
    client = client_of(cast.tess)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    token = client.get("/session.json").json["csrf_token"] if with_token else "stale"
    url = "/reports/00000000-0000-0000-0000-000000000000/operations"
    headers = {"X-CSRFToken": token, "X-Requested-With": "fetch"}
    sent = {"kind": "answer", "client_id": "00000000-0000-0000-0000-000000000001"}
    assert client.post(url, data=sent, headers=headers).status_code == (404 if with_token else 400)

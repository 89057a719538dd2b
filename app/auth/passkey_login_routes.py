"""Routes to log in by a passkey: instead of the password, or after it as the second step.

A ceremony has two requests: the options with a challenge, fetched by passkeys.js, and the
browser's answer, posted as a form. The challenge waits in the signed cookie meanwhile.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Response, session, url_for
from flask_limiter.util import get_remote_address

from app.auth import blueprint, identity, passkeys, service
from app.auth.doors import Door, door_of_passkey
from app.auth.forms import LoginForm, ProofForm
from app.auth.half_way import HalfWayOver, door_half_way
from app.auth.passkeys import Challenge, ChallengeOver, PasskeyRefused
from app.auth.redirects import safe_next
from app.auth.routes import MANY, login_page, this_visit, tries
from app.auth.second_step_routes import half_way, half_way_key, over, second_step_page
from app.extensions import limiter
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import public

CHALLENGE = "challenge"
_by_address: dict[str, Any] = {"key_func": get_remote_address}


def keep_challenge(challenge: Challenge) -> Challenge:
    session[CHALLENGE] = asdict(challenge)
    return challenge


def use_challenge(purpose: str, account: UUID | None = None) -> Challenge:
    """The challenge that waits for its answer; it waits no longer. Raises ChallengeOver."""
    kept = session.pop(CHALLENGE, None)
    if kept is None:
        raise ChallengeOver
    challenge = Challenge(**kept)
    challenge.require(purpose, account)
    return challenge


def options_response(options: str) -> Response:
    return Response(options, content_type="application/json")


@blueprint.post("/login/passkey/options")
@public
@limiter.limit(lambda: tries(MANY), **_by_address)
def offer_passkey_login() -> Response:
    challenge = keep_challenge(Challenge.new("login"))
    return options_response(passkeys.offer_proof(door=None, challenge=challenge))


@blueprint.post("/login/passkey")
@public
@limiter.limit(lambda: tries(MANY), **_by_address)
def log_in_by_passkey() -> Response:
    form = ProofForm()
    onward = safe_next(form.next.data)
    credential = form.credential.data or ""
    try:
        challenge = use_challenge("login")
        with door_of_passkey(passkeys.credential_id(credential)) as door:
            token = _enter(door, credential, challenge, how="passkey")
    except (PasskeyRefused, ChallengeOver) as error:
        empty = LoginForm(formdata=None, next=onward)
        return login_page(empty, status=422, refusal=translated(error))
    identity.remember(token)
    return redirect_to(onward or url_for("home.index"))


@blueprint.post("/login/second/passkey/options")
@public
@limiter.limit(lambda: tries(MANY), key_func=half_way_key)
def offer_passkey_step() -> Response:
    with door_half_way(half_way()) as door:
        assert door.person
        challenge = keep_challenge(Challenge.new("second", door.person.id))
        return options_response(passkeys.offer_proof(door=door, challenge=challenge))


@blueprint.post("/login/second/passkey")
@public
@limiter.limit(lambda: tries(MANY), key_func=half_way_key)
def take_passkey_step() -> Response:
    form = ProofForm()
    try:
        with door_half_way(half_way()) as door:
            assert door.person
            challenge = use_challenge("second", door.person.id)
            token = _enter(door, form.credential.data or "", challenge, how="password+passkey")
    except HalfWayOver:
        return over(form.next.data)
    except (PasskeyRefused, ChallengeOver) as error:
        return second_step_page(status=422, refusal=translated(error))
    identity.remember(token)
    return redirect_to(safe_next(form.next.data) or url_for("home.index"))


def _enter(door: Door, credential: str, challenge: Challenge, *, how: str) -> str:
    try:
        passkeys.take_proof(door=door, credential=credential, challenge=challenge)
    except PasskeyRefused:
        service.refuse_entry(door=door, how=how, visit=this_visit())
        door.session.commit()
        raise
    token = service.open_session(door=door, how=how, visit=this_visit())
    door.session.commit()
    return token

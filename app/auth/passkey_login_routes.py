"""Routes to log in by a passkey: instead of the password, or after it as the second step.

A ceremony has two requests: the options with a challenge, fetched by passkeys.js, and the
browser's answer, posted as a form. The challenge waits in the signed cookie meanwhile.
"""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import Response, session, url_for

from app.auth import blueprint, identity, passkeys, service
from app.auth.doors import Door, door_of_passkey
from app.auth.forms import LoginForm, ProofForm
from app.auth.half_way import HalfWayOver, door_half_way
from app.auth.passkeys import Challenge, ChallengeOver, PasskeyRefused
from app.auth.redirects import safe_next
from app.auth.routes import login_page, this_visit
from app.auth.second_step_routes import half_way, half_way_key, over, second_step_page
from app.web import known_browsers
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import public
from app.web.tries import MANY, a_minute, address_key, always, counted

CHALLENGE = "challenge"


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
@counted("passkey offers", a_minute(address_key, MANY), is_wrong=always)
def offer_passkey_login() -> Response:
    challenge = keep_challenge(Challenge.new("login"))
    return options_response(passkeys.offer_proof(door=None, challenge=challenge))


@blueprint.post("/login/passkey")
@public
@counted("passkey logins", a_minute(address_key, MANY), is_wrong=always)
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
@counted("passkey step offers", a_minute(half_way_key, MANY), is_wrong=always)
def offer_passkey_step() -> Response:
    with door_half_way(half_way()) as door:
        assert door.person
        challenge = keep_challenge(Challenge.new("second", door.person.id))
        return options_response(passkeys.offer_proof(door=door, challenge=challenge))


@blueprint.post("/login/second/passkey")
@public
@counted("passkey steps", a_minute(half_way_key, MANY), is_wrong=always)
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
    if door.person:
        known_browsers.remember(door.person)
    door.session.commit()
    return token

"""Routes for logging in with a passkey, either instead of the password or as the second step.

A ceremony has two requests: passkeys.js fetches the options with a challenge, then posts the
browser's response as a form. Between the two, the challenge is kept in the signed cookie.
"""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import Response, session, url_for

from app.auth import blueprint, identity, passkeys, service
from app.auth.account_stores import AccountStore, account_store_by_passkey
from app.auth.forms import LoginForm, ProofForm
from app.auth.half_way import HalfWayOver, half_way_account_store
from app.auth.passkeys import Challenge, ChallengeOver, PasskeyRefused
from app.auth.redirects import safe_next
from app.auth.routes import login_page, this_visit
from app.auth.second_step_routes import half_way, half_way_key, restart_login, second_step_page
from app.web import known_browsers
from app.web.errors import translated
from app.web.fragments import redirect_to
from app.web.guards import public
from app.web.tries import SHARED_ADDRESS_FACTOR, address_key, always, counted, per_minute

CHALLENGE = "challenge"


def keep_challenge(challenge: Challenge) -> Challenge:
    session[CHALLENGE] = asdict(challenge)
    return challenge


def use_challenge(purpose: str, account: UUID | None = None) -> Challenge:
    """Remove the pending challenge from the cookie and return it. Raises ChallengeOver."""
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
@counted("passkey offers", per_minute(address_key, SHARED_ADDRESS_FACTOR), is_wrong=always)
def offer_passkey_login() -> Response:
    challenge = keep_challenge(Challenge.new("login"))
    return options_response(passkeys.offer_proof(store=None, challenge=challenge))


@blueprint.post("/login/passkey")
@public
@counted("passkey logins", per_minute(address_key, SHARED_ADDRESS_FACTOR), is_wrong=always)
def log_in_by_passkey() -> Response:
    form = ProofForm()
    target = safe_next(form.next.data)
    credential = form.credential.data or ""
    try:
        challenge = use_challenge("login")
        with account_store_by_passkey(passkeys.credential_id(credential)) as store:
            token = _log_in(store, credential, challenge, how="passkey")
    except (PasskeyRefused, ChallengeOver) as error:
        empty = LoginForm(formdata=None, next=target)
        return login_page(empty, status=422, refusal=translated(error))
    identity.remember(token)
    return redirect_to(target or url_for("home.index"))


@blueprint.post("/login/second/passkey/options")
@public
@counted("passkey step offers", per_minute(half_way_key, SHARED_ADDRESS_FACTOR), is_wrong=always)
def offer_passkey_step() -> Response:
    with half_way_account_store(half_way()) as store:
        assert store.person
        challenge = keep_challenge(Challenge.new("second", store.person.id))
        return options_response(passkeys.offer_proof(store=store, challenge=challenge))


@blueprint.post("/login/second/passkey")
@public
@counted("passkey steps", per_minute(half_way_key, SHARED_ADDRESS_FACTOR), is_wrong=always)
def take_passkey_step() -> Response:
    form = ProofForm()
    try:
        with half_way_account_store(half_way()) as store:
            assert store.person
            challenge = use_challenge("second", store.person.id)
            token = _log_in(store, form.credential.data or "", challenge, how="password+passkey")
    except HalfWayOver:
        return restart_login(form.next.data)
    except (PasskeyRefused, ChallengeOver) as error:
        return second_step_page(status=422, refusal=translated(error))
    identity.remember(token)
    return redirect_to(safe_next(form.next.data) or url_for("home.index"))


def _log_in(store: AccountStore, credential: str, challenge: Challenge, *, how: str) -> str:
    try:
        passkeys.take_proof(store=store, credential=credential, challenge=challenge)
    except PasskeyRefused:
        service.record_refused_login(store=store, how=how, visit=this_visit())
        store.session.commit()
        raise
    token = service.open_session(store=store, how=how, visit=this_visit())
    if store.person:
        known_browsers.remember(store.person)
    store.session.commit()
    return token

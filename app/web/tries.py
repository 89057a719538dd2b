"""Limits on guessing passwords, codes and links. Each try is counted before it is checked.

Counting after the check would let concurrent requests through, so a try is counted first and given
back if it was not wrong. Redis counts for all processes; while it is down, each process counts for
itself (flask-limiter's fallback).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from flask import Response, current_app, request
from flask_limiter import RequestLimit
from flask_login import current_user
from redis.exceptions import RedisError

from app.errors import DomainError
from app.extensions import limiter
from app.web import known_browsers

log = logging.getLogger(__name__)

# An IP address, or an account across all addresses, gets this many times the basic allowance: an
# office shares one address.
SHARED_ADDRESS_FACTOR = 10
SECONDS_PER_MINUTE = 60
IPV6_PREFIX = 64
WITH_PORT = re.compile(r"([0-9.]+):\d+|\[([^]]+)\](?::\d+)?")

View = Callable[..., Response]
Key = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `amount()` (in flask-limiter's notation) wrong tries per `key()`.

    `part` separates this allowance from others of the same scope.
    """

    amount: Callable[[], str]
    key: Key
    part: str = ""


def per_minute(key: Key, times: int = 1) -> Allowance:
    return Allowance(
        lambda: f"{current_app.config['LOGIN_TRIES_PER_MINUTE'] * times} per minute", key
    )


def per_day(key: Key, setting: str = "LOGIN_TRIES_PER_DAY") -> Allowance:
    return Allowance(lambda: f"{current_app.config[setting]} per day", key)


def was_refused(status: int) -> bool:
    return status == 422


def always(_status: int) -> bool:
    """For requests that are not guesses: each call counts."""
    return True


def is_daily(limit: RequestLimit) -> bool:
    """Whether the daily allowance is used up, not the one per minute."""
    return limit.limit.get_expiry() > SECONDS_PER_MINUTE


def counted(
    scope: str,
    *allowances: Allowance,
    on_breach: Callable[[RequestLimit], Response] | None = None,
    is_wrong: Callable[[int], bool] = was_refused,
) -> Callable[[View], View]:
    """Count the view's calls against each allowance; give back those that were not wrong tries,
    judged by the response status.

    List the narrowest allowance first: a call that it refuses is not counted against the wider
    ones, so calls that are never checked cannot use up an account's day. Views of one `scope`
    share their counts.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def judged(*args: Any, **kwargs: Any) -> Response:
            try:
                response = view(*args, **kwargs)
            except DomainError as refusal:
                _give_back_unless(is_wrong(refusal.status))
                raise
            _give_back_unless(is_wrong(response.status_code))
            return response

        judged.allowances = allowances  # type: ignore[attr-defined]
        limited: View = judged
        for one in allowances:
            limit = limiter.shared_limit(
                one.amount, scope + one.part, key_func=one.key, on_breach=on_breach
            )
            limited = limit(limited)
        return limited

    return decorate


def limits_password_tries(view: View) -> View:
    """For pages that ask the signed-in person for their password again. They share one daily
    allowance."""
    by_page = replace(per_minute(own_key), part=f" {view.__name__}")
    return counted("own password", by_page, per_day(own_key))(view)


def _give_back_unless(is_wrong: bool) -> None:
    """If Redis fails here, the count stays too high until its minute or day ends."""
    if is_wrong:
        return
    try:
        for taken in limiter.current_limits:
            limiter.limiter.storage.incr(taken.key, taken.limit.get_expiry(), -1)
    except RedisError as error:
        log.warning("tries were not given back: %s", type(error).__name__)


def address_key() -> str:
    """Who asks: an IPv4 address, or the /64 that one customer of IPv6 has, with 2**64 addresses to
    choose from. Some proxies write the client's port behind the address, new at each connection."""
    given = request.remote_addr or ""
    plain = WITH_PORT.fullmatch(given)
    try:
        address = ip_address(next(filter(None, plain.groups())) if plain else given)
    except ValueError:
        return given
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, IPV6_PREFIX), strict=False))


def own_key() -> str:
    return str(current_user.id)


def subject_key(subject: str) -> str:
    """A key for an e-mail or account id; a known browser of that account has its own key."""
    return f"{sha256(subject.encode()).hexdigest()} {known_browsers.find(subject) or ''}".strip()

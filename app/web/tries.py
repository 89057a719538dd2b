"""How often somebody may guess: passwords, codes, links. Each try is counted before it is judged.

A count that waits for the answer lets through whatever is sent meanwhile, so a try is taken first
and given back where it was no wrong one. Redis counts, so that all processes count together; while
it is away each process counts by itself (flask-limiter's fallback).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, current_app
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address
from flask_login import current_user
from redis.exceptions import RedisError

from app.errors import DomainError
from app.extensions import limiter
from app.web import known_browsers

log = logging.getLogger(__name__)

# From one address, or at one account from everywhere: an office shares its address.
MANY = 10
A_MINUTE = 60  # seconds

View = Callable[..., Response]
Key = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Tries:
    """At most `amount()` (as flask-limiter writes it) wrong tries of whoever `key()` names.

    `part` keeps this allowance apart from the others of its scope.
    """

    amount: Callable[[], str]
    key: Key
    part: str = ""


def a_minute(key: Key, times: int = 1) -> Tries:
    return Tries(lambda: f"{current_app.config['LOGIN_TRIES_PER_MINUTE'] * times} per minute", key)


def a_day(key: Key, setting: str = "LOGIN_TRIES_PER_DAY") -> Tries:
    return Tries(lambda: f"{current_app.config[setting]} per day", key)


def was_refused(status: int) -> bool:
    return status == 422


def always(_status: int) -> bool:
    """For what is asked rather than guessed: each call counts."""
    return True


def is_of_a_day(limit: RequestLimit) -> bool:
    """Whether it is a day's allowance that is used up; else it is a minute's."""
    return limit.limit.get_expiry() > A_MINUTE


def counted(
    scope: str,
    *allowances: Tries,
    on_breach: Callable[[RequestLimit], Response] | None = None,
    is_wrong: Callable[[int], bool] = was_refused,
) -> Callable[[View], View]:
    """Count the view's calls against each allowance, and give back those that were no wrong try,
    by the status of the answer.

    The narrowest allowance stands first: a call that it refuses is not counted against the wider
    ones, so that nobody uses up a whole account's day with what is never judged. Views of one
    `scope` share their counts.
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


def asks_own_password(view: View) -> View:
    """Of pages that ask the signed-in person for their password again; these share one day."""
    by_page = replace(a_minute(own_key), part=f" {view.__name__}")
    return counted("own password", by_page, a_day(own_key))(view)


def _give_back_unless(is_wrong: bool) -> None:
    """A count that is left too high by an outage ends with its minute or its day."""
    if is_wrong:
        return
    try:
        for taken in limiter.current_limits:
            limiter.limiter.storage.incr(taken.key, taken.limit.get_expiry(), -1)
    except RedisError as error:
        log.warning("tries were not given back: %s", type(error).__name__)


def address_key() -> str:
    return get_remote_address()


def own_key() -> str:
    return str(current_user.id)


def subject_key(subject: str) -> str:
    """An e-mail, or the id of an account; a browser in which they logged in before has tries of
    its own."""
    return f"{sha256(subject.encode()).hexdigest()} {known_browsers.find(subject) or ''}".strip()

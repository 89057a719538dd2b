"""Second factors below the pages: codes work once, races, resets by admins."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select

from app import encryption
from app.auth import second_factor
from app.auth.account_stores import TenantAccountStore, account_store_by_email
from app.auth.queries import get_factors
from app.auth.second_factor import UnreadableSecret, WrongCode, WrongRecoveryCode
from app.errors import NotFound
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Actor, Passkey, RecoveryCode
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.support.alone import app_alone
from tests.support.logins import a_person, account_of, code_of, with_totp


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


def store_for(person):
    return TenantAccountStore(db.session(), account_of(person))


def test_each_step_is_taken_once_and_never_backwards(acting, nina, monkeypatch):
    secret, _codes = with_totp(acting, nina)
    now = time.time() + 3600
    monkeypatch.setattr(second_factor.time, "time", lambda: now)
    with acting(nina):
        store = store_for(nina)
        assert second_factor.take_code(store=store, code=code_of(secret, 1)) == "code"
        for ahead in (1, 0, -1):
            with pytest.raises(WrongCode):
                second_factor.take_code(store=store, code=code_of(secret, ahead))
        now += 60
        assert second_factor.take_code(store=store, code=code_of(secret)) == "code"


@pytest.mark.parametrize(
    ("ahead", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_off(acting, nina, monkeypatch, ahead, fits):
    secret, _codes = with_totp(acting, nina)
    now = time.time() + 3600
    monkeypatch.setattr(second_factor.time, "time", lambda: now)
    with acting(nina):
        store, code = store_for(nina), code_of(secret, ahead)
        if fits:
            assert second_factor.take_code(store=store, code=code) == "code"
        else:
            with pytest.raises(WrongCode):
                second_factor.take_code(store=store, code=code)


def test_recovery_codes_are_strong_and_kept_as_hashes(acting, nina):
    _secret, codes = with_totp(acting, nina)
    assert all(len(code.replace("-", "")) == 12 for code in codes)
    assert len(second_factor.ALPHABET) ** 12 > 2**59
    with acting(nina):
        store = store_for(nina)
        assert get_factors(store).codes_left == 10
        for code in codes:
            assert second_factor.take_code(store=store, code=code) == "recovery"
            with pytest.raises(WrongRecoveryCode):
                second_factor.take_code(store=store, code=code)
        assert get_factors(store).codes_left == 0


def test_under_another_key_only_recovery_codes_work(acting, nina):
    secret, codes = with_totp(acting, nina)
    with acting(nina):
        account_of(nina).totp_secret = encryption.encrypt(secret)[:-6] + "AAAA=="
        db.session.commit()
        store = store_for(nina)
        with pytest.raises(UnreadableSecret):
            second_factor.take_code(store=store, code=code_of(secret, 1))
        assert second_factor.take_code(store=store, code=codes[0]) == "recovery"


def test_an_admin_resets_a_colleagues_factors(app, acting, cast, nina):
    with_totp(acting, nina)
    client = signed_in_client(app, nina)
    with acting(cast.ana) as ana:
        db.session.add(
            Passkey(account_id=nina.id, credential_id=f"{uuid4()}", public_key="x", name="n")
        )
        second_factor.reset_second_factors(account_id=nina.id, actor=ana)
        db.session.commit()
        assert not get_factors(store_for(nina)).is_on
        assert db.session.scalars(select(RecoveryCode)).all() == []
        entry = list_entries("account", nina.id)[-1]
        assert (entry.action, entry.actor_id) == ("account.two_factor_reset", cast.ana.id)
    assert client.get("/account").status_code == 303


def test_another_companys_people_cannot_be_reset(acting, cast, nina):
    with acting(cast.otto) as otto:
        for account_id in (nina.id, uuid4()):
            with pytest.raises(NotFound):
                second_factor.reset_second_factors(account_id=account_id, actor=otto)


def test_the_secret_is_bound_to_its_account(app, nina):
    with app.app_context():
        sealed = second_factor.seal_secret("A" * 32, nina.id)
        assert second_factor.open_secret(sealed, nina.id) == "A" * 32
        with pytest.raises(second_factor.SetUpAgain):
            second_factor.open_secret(sealed, uuid4())


def test_the_key_is_grouped_for_typing():
    assert second_factor.grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"


def test_two_browsers_with_one_code_at_once(tmp_path, cast):
    """On real connections: the row lock lets only one of them through."""
    tess, secret = cast.tess, pyotp.random_base32()
    actor = Actor(tess.name, tess.role, tess.id)
    with app_alone(tmp_path) as app:
        with app.app_context(), tenant_scope(tess.tenant_id):
            store = TenantAccountStore(db.session(), account_of(tess))
            codes = second_factor.confirm_totp(
                store=store, secret=secret, code=code_of(secret), actor=actor
            )
            db.session.commit()

        def use(code):
            with app.app_context(), account_store_by_email(tess.email) as mine:
                try:
                    how = second_factor.take_code(store=mine, code=code)
                except (WrongCode, WrongRecoveryCode):
                    return "refused"
                time.sleep(0.05)
                mine.session.commit()
                return how

        with ThreadPoolExecutor(6) as pool:
            for code, how in ((code_of(secret, 1), "code"), (codes[0], "recovery")):
                assert sorted(pool.map(use, [code] * 6)) == sorted([how] + ["refused"] * 5)

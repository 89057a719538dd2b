"""Whoever adds a page or a command of the platform says whether it lets somebody into a company.

What does is told to the company's admins: its entry's action is one of app/evidence/ways_in.py, and
tests/test_platform_invitations.py shows that each of those reaches every admin.
"""

from __future__ import annotations

import click
import pytest

from app.evidence.sentences import TELLINGS
from app.evidence.ways_in import ACCEPTED, ACTS
from app.models import Role

NOBODY = ""
# Of each page that superadmins may write to: the act by which it lets somebody in.
PAGES = {
    "platform.create": "invitation.sent",  # of the first admin
    "platform.invite": "invitation.sent",
    "platform.open_support": "support.opened",
    "platform.end_support": NOBODY,
    "platform.update": NOBODY,
    "platform.set_plan": NOBODY,
    "platform.suspend": NOBODY,
    "platform.reactivate": NOBODY,
    "platform.prepare_export": NOBODY,  # the company alone can download it
    "platform.request_deletion": NOBODY,
    "platform.cancel_deletion": NOBODY,
    # Their own account, as everybody has one.
    **dict.fromkeys(
        (
            "auth.logout", "auth.update", "auth.change_password", "auth.confirm_totp",
            "auth.turn_off_totp", "auth.renew_codes", "auth.sign_out_device",
            "auth.sign_out_others", "auth.offer_passkey", "auth.add_passkey",
            "auth.remove_passkey",
        ),
        NOBODY,
    ),
}  # fmt: skip
COMMANDS = {
    "user create": "account.created",
    "user reset-password": "account.password_set",
    "user reset-two-factor": "account.two_factor_reset",
    # Not a company's: whoever it makes comes in by the pages above.
    "user deactivate": NOBODY,
    "tenant create": NOBODY, "tenant list": NOBODY, "tenant brand": NOBODY,
    "tenant erase": NOBODY,
    # Companies of its own, before anybody else is there.
    "seed": NOBODY, "demo": NOBODY, "up": NOBODY,
    # Whole installations and their machines, by whoever holds them.
    "backup": NOBODY, "restore": NOBODY, "check": NOBODY, "worker": NOBODY, "relay": NOBODY,
    "storage check": NOBODY, "storage sweep": NOBODY, "storage release": NOBODY,
}  # fmt: skip
# Of Flask itself and its extensions.
FOREIGN = {"run", "shell", "routes", "db", "limiter"}


def test_every_page_that_the_platform_writes_to_is_listed(app):
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if Role.SUPERADMIN in getattr(app.view_functions[rule.endpoint], "guard", ())
        and "POST" in (rule.methods or ())
    }
    assert pages ^ PAGES.keys() == set()


def commands_in(group: click.Group, before: str = "") -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands_in(command, f"{before}{name} ")
        else:
            found.add(before + name)
    return found


def test_every_command_is_listed(app):
    found = {one for one in commands_in(app.cli) if one.split()[0] not in FOREIGN}
    assert found ^ COMMANDS.keys() == set()


@pytest.mark.parametrize("action", sorted({*PAGES.values(), *COMMANDS.values()} - {NOBODY}))
def test_each_way_in_is_one_that_is_told(action):
    assert action in ACTS


def test_the_acts_have_their_sentences():
    assert {*ACTS, ACCEPTED} <= TELLINGS.keys()

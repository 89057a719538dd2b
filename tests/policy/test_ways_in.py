"""Every page and command of the platform declares whether it gives anybody access to a company.

If it does, the company's admins are notified: the action of its entry is in
app/evidence/ways_in.py, and tests/platform/test_invitations.py checks that every admin gets these.
"""

from __future__ import annotations

import click

from app.evidence.sentences import TELLINGS
from app.evidence.ways_in import ACCEPTED, ACTS
from app.models import Role

NOBODY = ""
# For each page that superadmins may post to: the action that gives access.
PAGES = {
    "platform.create": "invitation.sent",  # to the first admin
    "platform.invite": "invitation.sent",
    "platform.open_support": "support.opened",
    "platform.end_support": NOBODY,
    "platform.update": NOBODY,
    "platform.set_plan": NOBODY,
    "platform.suspend": NOBODY,
    "platform.reactivate": NOBODY,
    "platform.prepare_export": NOBODY,  # only the company can download it
    "platform.request_deletion": NOBODY,
    "platform.cancel_deletion": NOBODY,
    # The superadmin's own account.
    **dict.fromkeys(
        (
            "auth.logout",
            "auth.update",
            "auth.change_password",
            "auth.confirm_totp",
            "auth.turn_off_totp",
            "auth.renew_codes",
            "auth.sign_out_device",
            "auth.sign_out_others",
            "auth.offer_passkey",
            "auth.add_passkey",
            "auth.remove_passkey",
        ),
        NOBODY,
    ),
}
COMMANDS = {
    "user create": "account.created",
    "user reset-password": "account.password_set",
    "user reset-two-factor": "account.two_factor_reset",
    # Makes a superadmin, who then uses the pages above.
    "user deactivate": NOBODY,
    "tenant create": NOBODY,
    "tenant list": NOBODY,
    "tenant brand": NOBODY,
    "tenant erase": NOBODY,
    # Creates its own companies, in an empty database.
    "seed": NOBODY,
    "demo": NOBODY,
    "up": NOBODY,
    # Whole installations, by the operator of the machine.
    "backup": NOBODY,
    "restore": NOBODY,
    "check": NOBODY,
    "anchors key": NOBODY,
    "anchors write": NOBODY,
    # Tells each company whose entries are missing, in its own audit.
    "anchors restored": NOBODY,
    "worker": NOBODY,
    "relay": NOBODY,
    "sealer": NOBODY,
    "seal status": NOBODY,
    "seal rotate": NOBODY,
    "seal import": NOBODY,
    "seal retire": NOBODY,
    "seal stamp": NOBODY,
    "checklist import": NOBODY,
    "checklist export": NOBODY,
    "storage check": NOBODY,
    "storage sweep": NOBODY,
    "storage release": NOBODY,
}
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


def test_each_way_in_notifies_the_admins():
    assert {*PAGES.values(), *COMMANDS.values()} - {NOBODY} <= set(ACTS)


def test_the_acts_have_their_sentences():
    assert {*ACTS, ACCEPTED} <= TELLINGS.keys()

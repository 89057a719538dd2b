"""Two phones edit one report in any order, offline as long as they like: nothing is ever lost.

A model of the truth runs beside the server. Each phone keeps a base and a queue as a real one does:
it types without a connection and sends in order within a field, sometimes twice.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from app.extensions import db
from app.models import Answer, AuditEntry, EditConflict
from app.tenancy import tenant_scope
from tests.conftest import rolled_back, signed_in_client
from tests.support import scenarios
from tests.support.cast import Cast
from tests.support.phone import Phone

FIELDS = ("customer", "remarks")
EXAMPLES, STEPS = 20, 50


@dataclass
class Typed:
    """One operation that a phone holds."""

    value: str
    client_id: str = field(default_factory=lambda: str(uuid4()))
    base: int | None = None
    after: str | None = None
    verdict: str | None = None


@dataclass
class Device:
    """`bases` are the row versions that the phone has heard of, `chains` what it typed."""

    phone: Phone
    bases: Counter[str] = field(default_factory=Counter)
    chains: dict[str, list[Typed]] = field(default_factory=lambda: {name: [] for name in FIELDS})

    def type(self, name: str, value: str) -> None:
        waiting = [one for one in self.chains[name] if one.verdict is None]
        before = waiting[-1].client_id if waiting else None
        base = None if before else self.bases[name]
        self.chains[name].append(Typed(value, base=base, after=before))

    def send(self, name: str, place: int) -> dict | None:
        """Send one that has no verdict yet, perhaps before its predecessor."""
        waiting = [one for one in self.chains[name] if one.verdict is None]
        if not waiting:
            return None
        one = waiting[place % len(waiting)]
        form = {"base_version": one.base} if one.after is None else {"after": one.after}
        heard = self.phone.send("answer", name, value=one.value, client_id=one.client_id, **form)
        is_first = one is waiting[0]
        assert (heard["verdict"] == "early") == (not is_first and one.after is not None)
        if heard["verdict"] != "early":
            one.verdict = heard["verdict"]
            if heard["verdict"] == "applied":
                self.bases[name] = heard["row_version"]
        return heard


def machine(app, cast: Cast) -> type[RuleBasedStateMachine]:
    class TwoPhones(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.outer = rolled_back(app)
            self.outer.__enter__()
            with app.app_context(), tenant_scope(cast.acme):
                actor = scenarios.Actor(cast.tess.name, cast.tess.role, cast.tess.id)
                self.report_id = scenarios.a_report(actor).id
            people = (cast.tess, cast.max)
            self.devices = [
                Device(Phone(signed_in_client(app, one), self.report_id)) for one in people
            ]
            self.accepted: defaultdict[str, list[str]] = defaultdict(list)
            self.number = 0

        def teardown(self) -> None:
            if hasattr(self, "outer"):
                try:
                    self.check()
                finally:
                    self.outer.__exit__(None, None, None)

        @rule(device=st.integers(0, 1), name=st.sampled_from(FIELDS), same=st.booleans())
        def types(self, device: int, name: str, same: bool) -> None:
            self.number += not same
            self.devices[device].type(name, f"value {self.number}")

        @rule(device=st.integers(0, 1), name=st.sampled_from(FIELDS), place=st.integers(0, 3))
        def sends(self, device: int, name: str, place: int) -> None:
            stored = self.stored(name)
            heard = self.devices[device].send(name, place)
            self.follow(name, stored, heard)

        @rule(device=st.integers(0, 1), name=st.sampled_from(FIELDS), place=st.integers(0, 9))
        def sends_again(self, device: int, name: str, place: int) -> None:
            """A verdict was lost on its way: the same bytes again change nothing."""
            owner = self.devices[device]
            told = [one for one in owner.chains[name] if one.verdict]
            if not told:
                return
            one, stored = told[place % len(told)], self.stored(name)
            form = {"base_version": one.base} if one.after is None else {"after": one.after}
            heard = owner.phone.send(
                "answer", name, value=one.value, client_id=one.client_id, **form
            )
            assert (heard["verdict"], heard["was"]) == ("known", one.verdict)
            assert self.stored(name) == stored

        @rule(device=st.integers(0, 1), name=st.sampled_from(FIELDS))
        def looks(self, device: int, name: str) -> None:
            """The page is loaded again. What waits was typed before and keeps its base."""
            self.devices[device].bases[name] = self.stored(name)[1]

        @rule(device=st.integers(0, 1), keep=st.sampled_from(("mine", "theirs")))
        def settles(self, device: int, keep: str) -> None:
            with self.inside():
                open_ones = select(EditConflict).where(
                    EditConflict.report_id == self.report_id, EditConflict.settled_at.is_(None)
                )
                row = db.session.scalars(open_ones.order_by(EditConflict.created_at)).first()
                found = (str(row.id), row.field_id, row.value) if row else None
            if found is None:
                return
            conflict, name, value = found
            stored = self.stored(name)
            heard = self.devices[device].phone.send(
                "settle", name, conflict=conflict, keep=keep, base_version=stored[1]
            )
            assert heard["verdict"] == "applied"
            chosen = value if keep == "mine" else stored[0]
            if chosen != stored[0]:
                self.accepted[name].append(chosen)
            assert self.stored(name)[0] == chosen

        def follow(self, name: str, stored: tuple[str | None, int], heard: dict | None) -> None:
            """An answer changes only if it was applied, and then by exactly one version."""
            now = self.stored(name)
            if heard is None or heard["verdict"] != "applied" or now == stored:
                assert now == stored
                return
            assert now[1] == stored[1] + 1
            self.accepted[name].append(str(now[0]))

        # --- what the server holds ------------------------------------------------------------

        @contextmanager
        def inside(self) -> Iterator[None]:
            with app.app_context(), tenant_scope(cast.acme):
                yield

        def stored(self, name: str) -> tuple[str | None, int]:
            with self.inside():
                row = db.session.execute(
                    select(Answer.value, Answer.row_version).where(
                        Answer.report_id == self.report_id, Answer.field_id == name
                    )
                ).one_or_none()
                return (row.value, row.row_version) if row else (None, 0)

        def check(self) -> None:
            with self.inside():
                bodies = db.session.execute(
                    select(AuditEntry.action, AuditEntry.body)
                    .where(AuditEntry.object_id == self.report_id)
                    .order_by(AuditEntry.sequence)
                )
                acts = [(action, json.loads(body)["facts"]) for action, body in bodies]
            for name in FIELDS:
                mine = [(action, facts) for action, facts in acts if facts.get("field") == name]
                saved = [
                    facts["new"]["value"] for action, facts in mine if action == "answer.saved"
                ]
                assert saved == self.accepted[name]
                waited = Counter(
                    facts["typed"]["value"]
                    for action, facts in mine
                    if action == "answer.conflicted"
                )
                refused = Counter(
                    one.value
                    for device in self.devices
                    for one in device.chains[name]
                    if one.verdict == "conflict"
                )
                assert waited == refused
                self.check_order(name)

        def check_order(self, name: str) -> None:
            """A phone's operations in one field were answered in the order in which they were
            typed."""
            for device in self.devices:
                told = [one.verdict is not None for one in device.chains[name]]
                assert told == sorted(told, reverse=True)

    return TwoPhones


def test_no_edit_is_lost_and_none_overwrites_another(app, cast):
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(app, cast), settings=limits)


def test_the_examples_are_enough():
    assert EXAMPLES * STEPS >= 1_000

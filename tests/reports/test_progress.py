"""Consistent progress: after every step, the bar, the sections' counters, the report's page, the
review page and the submit state the same number, and the total stays the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.definition.schema import (
    CommentPolicy,
    Definition,
    Field,
    FieldType,
    Limits,
    PhotoMode,
    PhotoPolicy,
    Section,
    SignatureRole,
    Text,
)
from app.extensions import db
from app.models import Answer, PhotoPlacement, PhotoReading, PhotoVerdict, Report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from tests.support.scenarios import (
    GOOD_ANSWERS,
    a_checklist,
    a_definition,
    a_photo,
    a_report,
    a_signature,
)

HX = {"HX-Request": "true"}
PAIR = PhotoPolicy(mode=PhotoMode.REQUIRED, min=2, max=3)
PLACED = PhotoPolicy(mode=PhotoMode.OPTIONAL, max=2, gps_required=True)


def text(words: str) -> Text:
    return Text(en=words)


def a_field(id: str, type: FieldType, **parts: object) -> Field:
    return Field.model_validate({"id": id, "type": type, "label": text(id), **parts})


def a_rich_definition() -> Definition:
    """All kinds of fields: those of `a_definition`, and those that it lacks.

    Two sections have the ids that the counts of info fields and of signatures used.
    """
    demands = Section(
        id="info",
        title=text("Demands"),
        fields=(
            a_field("said", FieldType.VERDICT, comment=CommentPolicy.REQUIRED),
            a_field(
                "when_bad",
                FieldType.NUMBER,
                limits=Limits(max=10),
                comment=CommentPolicy.REQUIRED_WHEN_NOT_OK,
            ),
            a_field("pair", FieldType.VERDICT, photos=PAIR),
            a_field("only_photos", FieldType.TEXT, required=False, photos=PAIR),
        ),
    )
    optional = Section(
        id="signatures",
        title=text("Optional"),
        fields=(
            a_field("spare", FieldType.VERDICT, required=False, photos=PLACED),
            a_field("spare_said", FieldType.TEXT, required=False, comment=CommentPolicy.REQUIRED),
            a_field("spare_number", FieldType.NUMBER, required=False),
            a_field("notice", FieldType.NOTE, required=False),
        ),
    )
    roles = (
        SignatureRole(id="technician", label=text("Technician")),
        SignatureRole(id="witness", label=text("Witness")),
        SignatureRole(id="client", label=text("Client"), required=False),
    )
    base = a_definition(code="WALK")
    return a_definition(
        code="WALK", sections=(*base.sections, demands, optional), signature_roles=roles
    )


@dataclass
class Seen:
    """The progress that a page states: done and total of its bar."""

    done: int
    total: int

    @property
    def left(self) -> int:
        return self.total - self.done


class Walk:
    """A technician who takes random steps and reads every page after each."""

    def __init__(self, client: FlaskClient, acting, person, seed: int) -> None:
        self.client, self.acting, self.person = client, acting, person
        self.random = Random(seed)
        with acting(person) as actor:
            report = a_report(actor, version=a_checklist(actor, a_rich_definition()))
            self.report_id: UUID = report.id
            self.definition = report.version.definition

    # Possible steps

    def step(self) -> str | None:
        """Make one change; returns the response, if there is one."""
        doing = self.random.choice(
            [self.answer] * 9
            + [self.photograph] * 3
            + [self.sign, self.sign, self.withdraw, self.remove, self.explain, self.caption]
        )
        return doing()

    def answer(self) -> str | None:
        field = self.random.choice(
            [one for one in self.definition.all_fields() if one.type is not FieldType.NOTE]
        )
        said = {
            "comment": self.random.choice(["", "as seen"]),
            "na_reason": self.random.choice(["", "", "", "", "not fitted"]),
        }
        return self.save(field.id, **said, **self.value_of(field))

    def value_of(self, field: Field) -> dict[str, object]:
        pick = self.random.choice
        if field.type is FieldType.TABLE:
            cells = [key for key, _row, _column in field.cells()]
            some = ["0.1", "0.9"] if pick([True, False]) else ["0.1", "1,234", ""]
            return {f"cell:{key}": pick(some) for key in cells}
        values = {
            FieldType.VERDICT: ["ok", "ok", "not_ok", "na", ""],
            FieldType.SELECT_ONE: ["top", "bottom", "bottom", ""],
            FieldType.SELECT_MANY: ["lamp", "fan", ""],
            FieldType.NUMBER: ["5", "5", "150", "1,234", ""],  # "1,234" is two numbers
            FieldType.DATE: ["2026-03-31", "2026-03-31", ""],
            FieldType.TIME: ["14:05", "14:05", ""],
        }
        return {"value": pick(values.get(field.type, ["words", "words", ""]))}

    def save(self, field_id: str, **form: object) -> str:
        with self.acting(self.person):
            row = db.session.scalars(
                select(Answer).where(
                    Answer.report_id == self.report_id, Answer.field_id == field_id
                )
            ).one_or_none()
            form["row_version"] = str(row.row_version if row else 0)
        url = f"/reports/{self.report_id}/fields/{field_id}"
        answer = self.client.post(url, data=form, headers=HX)
        assert answer.status_code == 200, answer.text
        return answer.text

    def photograph(self) -> None:
        field_id = self.random.choice(["enclosure", "pair", "only_photos", "spare"])
        kinds = [None, PhotoVerdict.GOOD, PhotoVerdict.GOOD, PhotoVerdict.QUARANTINED]
        with self.acting(self.person) as actor:
            a_photo(
                self.report(),
                field_id,
                actor,
                position=self.random.randrange(1000),
                verdict=self.random.choice(kinds),
                has_position=self.random.random() < 0.7,
            )

    def caption(self) -> str | None:
        return self.on_photo("", caption=f"seen {self.random.random()}")

    def remove(self) -> str | None:
        return self.on_photo("/remove")

    def explain(self) -> str | None:
        with self.acting(self.person):
            bad = db.session.scalars(
                select(PhotoPlacement.id)
                .join(PhotoReading, PhotoReading.photo_id == PhotoPlacement.photo_id)
                .where(
                    PhotoReading.verdict == PhotoVerdict.QUARANTINED,
                    PhotoPlacement.id.in_(self.placed()),
                )
            ).all()
        if not bad:
            return None
        form = {"reason": "the camera broke"}
        return self.client.post(f"/photos/{bad[0]}/reason", data=form, headers=HX).text

    def on_photo(self, act: str, **form: str) -> str | None:
        with self.acting(self.person):
            photos = list(db.session.scalars(self.placed()))
        if not photos:
            return None
        url = f"/photos/{self.random.choice(photos)}{act}"
        answer = self.client.post(url, data=form, headers=HX)
        assert answer.status_code == 200, answer.text
        return answer.text

    def placed(self):
        return select(PhotoPlacement.id).where(
            PhotoPlacement.report_id == self.report_id, PhotoPlacement.removed_at.is_(None)
        )

    def sign(self, role: str | None = None) -> None:
        with self.acting(self.person) as actor:
            report = self.report()
            signed = content_hash(report, load_facts(report))
            role = role or self.random.choice(["technician", "witness", "client"])
            a_signature(report, role, actor, content_hash=signed)

    def withdraw(self) -> str:
        role = self.random.choice(["technician", "witness", "client"])
        url = f"/reports/{self.report_id}/signatures/{role}/withdraw"
        return self.client.post(url, headers=HX).text

    def report(self) -> Report:
        return db.session.scalars(select(Report).where(Report.id == self.report_id)).one()

    def finish(self) -> Iterator[str | None]:
        """Complete the report, one thing after the other."""
        with self.acting(self.person):
            placed = db.session.scalars(self.placed()).all()
        for placement_id in placed:
            self.client.post(f"/photos/{placement_id}/remove", headers=HX)
        for field_id, value in GOOD_ANSWERS.items():
            if isinstance(value, dict) and "text" not in value:
                said = {f"cell:{key}": one["text"] for key, one in value.items()}
            else:
                said = {"value": value["text"] if isinstance(value, dict) else value}
            yield self.save(field_id, **said)
        self.save("said", value="ok", comment="by eye")
        self.save("when_bad", value="5")
        self.save("pair", value="ok")
        for field_id in ("only_photos", "spare", "spare_said"):
            self.save(field_id, value="")
        yield self.save("spare_number", value="")
        for field_id, count in (("enclosure", 1), ("pair", 2), ("only_photos", 2)):
            for place in range(count):
                with self.acting(self.person) as actor:
                    a_photo(self.report(), field_id, actor, position=2000 + place)
                yield None
        for role in ("technician", "witness"):
            yield self.sign(role)

    # What the pages show

    def look(self, answered: str | None) -> Seen:
        """The progress on which all pages agree."""
        url = f"/reports/{self.report_id}"
        fill = self.client.get(f"{url}/fill?at=customer").text
        seen = bar_of(fill)
        assert sum_of(fill) == seen
        assert bar_of(self.client.get(url).text) == seen
        check = self.client.get(f"{url}/review").text
        assert bar_of(check) == seen
        if answered is not None:
            assert bar_of(answered) == sum_of(answered) == seen
        if seen.left:
            refused = self.client.post(f"{url}/submit")
            assert refused.status_code == 422
            assert bar_of(refused.text) == seen
            self.check_list(check, seen)
        else:
            assert "Nothing is missing" in check
        return seen

    def check_list(self, check: str, seen: Seen) -> None:
        """The review page lists as many items as it counts, unless it only waits for photos."""
        if "still being read</h2>" in check:
            return
        assert f">{seen.left} left</h2>" in check
        lists = re.findall(r'<section class="missing">.*?</section>', check, re.DOTALL)
        assert "".join(lists).count('class="row-title"') == seen.left
        assert sum(map(int, re.findall(r'section-count num">(\d+)<', check))) == seen.left


def bar_of(page: str) -> Seen:
    (found,) = re.findall(r'<span class="meta num">(\d+) of (\d+) required</span>', page)
    seen = Seen(*map(int, found))
    for percent in re.findall(r'fill-percent num">(\d+)%<', page):
        assert int(percent) == 100 * seen.done // seen.total
    return seen


def sum_of(page: str) -> Seen:
    """The sum of the counters of sections and signatures."""
    counts = re.findall(r'id="count-(\w+)"[^>]*>(\d+)/(\d+)<', page)
    # A section without anything required has no count.
    assert len({id for id, _done, _total in counts}) == len(counts) >= 5
    return Seen(sum(int(one[1]) for one in counts), sum(int(one[2]) for one in counts))


# `make fuzz` takes more walks.
WALKS = max(1, int(os.environ.get("FUZZ_EXAMPLES", "0")) // 20)


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_page_and_the_submit_count_alike(acting, cast, client_of, seed):
    walk = Walk(client_of(cast.tess), acting, cast.tess, seed)
    first = walk.look(None)
    totals, lefts = {first.total}, {first.left}
    for answered in chain((walk.step() for _step in range(18)), walk.finish()):
        seen = walk.look(answered)
        totals.add(seen.total)
        lefts.add(seen.left)
    assert seen.left == 0
    # Optional questions count only while they are begun and incomplete.
    assert min(totals) == first.total == seen.total
    assert max(totals) > first.total and len(lefts) > 9, "the walk got nowhere"
    answer = walk.client.post(f"/reports/{walk.report_id}/submit")
    assert answer.status_code == 303

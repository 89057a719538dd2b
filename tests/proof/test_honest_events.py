"""Whatever may happen honestly: `flask check` says nothing, old files and new bundles hold."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from app.commands.check.anchors import check_anchors, check_printed_head
from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Level
from app.commands.check.seals import check_seals
from app.extensions import db
from app.models import Account, Checklist, Equipment, Project
from app.reports.lifecycle import archive_report, discard_report
from app.sealing.certificates import make_key_pair
from tests.evidence.stage import GOLDEN, earlier_database
from tests.proof.world import (
    TYPED,
    World,
    a_newer_version,
    anchor,
    approve,
    correct,
    fill_in,
    make_bundle,
    make_pdf,
    return_and_mend,
    retype,
    sign_and_submit,
)
from tests.support.backup_stage import copied_place, empty_place, place
from tests.support.cast import Cast
from tests.support.sealers import own_keys, running_sealer, sealing_with
from tests.support.verifier import verifier

pytestmark = pytest.mark.xdist_group("proof")


@pytest.fixture
def world(lived: World, tmp_path: Path) -> Iterator[World]:
    """A copy of the company, with what a customer held before the event in `held`."""
    with copied_place(lived.place, tmp_path / "storage") as copy:
        anchors = shutil.copytree(lived.anchors, tmp_path / "anchors")
        copy.app.config["ANCHOR_DIR"] = anchors
        made = replace(lived, place=copy, anchors=anchors)
        made.hand_out(tmp_path / "held")
        anchor(made)
        yield made


def complaints(world: World) -> list[str]:
    with world.place.app.app_context():
        found = [
            *check_evidence(with_bytes=True),
            *check_seals(with_bytes=True),
            *check_anchors(),
        ]
    return [one.sentence for one in found if one.level is not Level.OK]


def differing(files: list[Path], fingerprints: str = "") -> list[str]:
    lines = verifier.verify(files, fingerprints)
    assert any(one.state == "holds" for one in lines)
    return [f"{one.about}: {one.what} {one.detail}" for one in lines if one.state == "differs"]


def assert_nothing_differs(world: World, folder: Path) -> None:
    """On the server, in the files that the customer held before, and beside a new bundle."""
    anchor(world)
    assert complaints(world) == []
    new = folder / "new.zip"
    new.write_bytes(make_bundle(world, world.revision_id))
    held = [folder / "held" / name for name in ("R0.pdf", "R1.pdf", "bundle.zip")]
    assert differing([*held, new], world.fingerprints()) == []
    anchor(world)
    assert complaints(world) == []
    head = verifier.open_report("R1", held[1].read_bytes()).attached("audit.json")["head"]
    with world.place.app.app_context():
        said = list(check_printed_head(f"{head['sequence']}:{head['hash']}", "acme"))
    assert [one.level for one in said] == [Level.OK]


def rename_everything(world: World) -> None:
    with world.acting(world.cast.ana):
        for model, column in (
            (Account, Account.name),
            (Project, Project.client),
            (Project, Project.name),
            (Equipment, Equipment.name),
            (Checklist, Checklist.name),
        ):
            db.session.execute(update(model).values({column: column + " (renamed)"}))
        db.session.commit()
    world.place.as_superuser("update tenants set name = 'Acme under another name'")


def archive(world: World) -> None:
    with world.acting(world.cast.max) as max_:
        archive_report(report_id=world.report_id, actor=max_)
        archive_report(report_id=world.revision_id, actor=max_)
        db.session.commit()


def correct_again(world: World) -> None:
    """A correction that is given up, one that stays open, and one that is completed."""
    with world.acting(world.cast.max) as max_:
        given_up = correct(world, world.revision_id, world.cast.max)
        discard_report(report_id=given_up, actor=max_)
        db.session.commit()
    third = correct(world, world.revision_id, world.cast.max, reason="Bay 5 after all.")
    assert complaints(world) == []
    retype(world, third, world.cast.max, TYPED + ", bay 5")
    sign_and_submit(world, third, world.cast.max)
    approve(world, third, world.cast.ana)
    make_pdf(world, third, world.cast.max)


def print_again(world: World) -> None:
    for report_id in (world.report_id, world.revision_id):
        make_pdf(world, report_id, world.cast.ana)


def another_report(world: World) -> None:
    report_id = fill_in(world)
    sign_and_submit(world, report_id, world.cast.tess)
    return_and_mend(world, report_id)
    approve(world, report_id, world.cast.ana)
    make_pdf(world, report_id, world.cast.tess)


def erase_the_other_company(world: World) -> None:
    world.place.as_superuser(
        "update tenants set status = 'suspended', suspended_at = now() - interval '90 days',"
        " deletion_due_at = now() - interval '1 day' where slug = 'other'"
    )
    done = world.place.flask("tenant", "erase", "other")
    assert "Erased other" in done.output, done.output


EVENTS: dict[str, Callable[[World], object]] = {
    "everything is renamed": rename_everything,
    "reports are archived": archive,
    "the checklist has a newer version": a_newer_version,
    "corrections are begun, given up and completed": correct_again,
    "PDFs are made again": print_again,
    "another report lives its life": another_report,
    "another company is erased": erase_the_other_company,
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_honest_event_raises_no_alarm(world: World, tmp_path: Path, event) -> None:
    event(world)
    assert_nothing_differs(world, tmp_path)


def test_a_new_key_of_the_installation_and_one_of_the_company(world: World, tmp_path: Path) -> None:
    before = world.fingerprints()
    with (
        running_sealer(tmp_path) as sealer,
        sealing_with(world.place.app, sealer.socket),
    ):
        print_again(world)
        sealer.keys.replace(make_key_pair("The next one"))
        print_again(world)
        own_keys(world.place.app, world.cast)
        print_again(world)
        assert_nothing_differs(world, tmp_path)
        assert len(world.fingerprints().split(",")) == len(before.split(",")) + 3
        # Who expects only the first certificate is told of the others.
        found = differing([tmp_path / "new.zip"], before)
        assert found and all("the certificate is the expected one" in one for one in found)


def test_a_backup_that_is_restored(world: World, tmp_path: Path) -> None:
    assert (done := world.place.flask("backup", str(tmp_path / "backup"))).exit_code == 0, (
        done.output
    )
    with empty_place(tmp_path / "restored") as target:
        target.app.config["ANCHOR_DIR"] = world.anchors
        assert (done := target.flask("restore", str(tmp_path / "backup"))).exit_code == 0, (
            done.output
        )
        restored = replace(world, place=target)
        assert_nothing_differs(restored, tmp_path)


def test_an_older_backup_is_named_until_somebody_states_it(world: World, tmp_path: Path) -> None:
    world.place.flask("backup", str(tmp_path / "backup"))
    another_report(world)
    anchor(world)
    with empty_place(tmp_path / "restored") as target:
        target.app.config["ANCHOR_DIR"] = world.anchors
        target.flask("restore", str(tmp_path / "backup"))
        restored = replace(world, place=target)
        assert any("an older one" in one for one in complaints(restored))
        done = target.flask("anchors", "restored", "--reason", "The disk failed.")
        assert done.exit_code == 0, done.output
        anchor(restored)
        with target.app.app_context():
            wrong = [one.sentence for one in check_anchors() if one.level is Level.WRONG]
        assert wrong == []


@pytest.mark.parametrize("snapshot_format", GOLDEN)
def test_an_update_raises_no_alarm(snapshot_format: str, tmp_path: Path, cast: Cast) -> None:
    """Reports that an earlier release completed, whose stored files are not kept here."""
    with earlier_database(snapshot_format) as name:
        made = place(name, tmp_path / "storage")
        made.app.config["ANCHOR_DIR"] = tmp_path / "anchors"
        world = World(made, cast, tmp_path / "anchors", UUID(int=0), UUID(int=0))
        anchor(world)
        with made.app.app_context():
            found = [
                *check_evidence(with_bytes=False),
                *check_seals(with_bytes=False),
                *check_anchors(),
            ]
        made.let_go()
    assert [one.sentence for one in found if one.level is not Level.OK] == []

"""An end of the chain that was rewritten, cut off or replaced by an older database is named by the
anchors outside, although every link is valid. Honest events raise no alarm."""

from __future__ import annotations

import json

import pytest

from app.anchors.lines import NotAnAnchor, read_line
from app.commands.check.finding import Level
from app.evidence.chain import verify_chain
from app.extensions import db
from app.tenancy import tenant_scope
from tests.anchors.stage import REWRITE, ROLL_BACK, Stage


def worked(stage: Stage) -> None:
    """Ten entries, anchored after the fourth, seventh and tenth."""
    for count in (4, 3, 3):
        stage.work(count)
        stage.anchor()


def assert_links_are_valid(stage: Stage) -> None:
    with stage.app.app_context(), tenant_scope(stage.tenant):
        assert verify_chain().reason is None
        db.session.rollback()


def test_honest_work_raises_no_alarm(stage: Stage) -> None:
    worked(stage)
    stage.work(2)  # since the last anchor
    found = stage.check()
    assert {one.level for one in found} == {Level.OK}
    assert "3 anchors agree with" in found[-1].sentence


def test_a_rewritten_end_is_named_with_its_first_contradicted_entry(stage: Stage) -> None:
    worked(stage)
    stage.forge(REWRITE, n=6)
    assert_links_are_valid(stage)
    (found,) = stage.wrong()
    assert f"Tenant {stage.tenant}: entry 7 was rewritten" in found
    assert "Unchanged up to entry 4" in found
    assert "2 anchors contradict" in found


def test_it_is_named_even_if_the_anchors_in_the_database_are_gone(stage: Stage) -> None:
    worked(stage)
    stage.forge(REWRITE, n=9)
    stage.forge("delete from anchors")
    (found,) = stage.wrong()
    assert "entry 10 was rewritten" in found


def test_the_anchors_in_the_database_name_it_if_the_folder_is_gone(stage: Stage) -> None:
    worked(stage)
    stage.forge(REWRITE, n=9)
    for path in stage.folder.iterdir():
        path.unlink()
    assert any("entry 10 was rewritten" in one for one in stage.wrong())


def test_the_database_of_yesterday_is_named(stage: Stage) -> None:
    worked(stage)
    stage.forge(ROLL_BACK, n=7)
    assert_links_are_valid(stage)
    (found,) = stage.wrong()
    assert "the audit chain ends at entry 7" in found
    assert "names entry 10" in found


def test_it_is_still_named_when_work_went_on(stage: Stage) -> None:
    worked(stage)
    stage.forge(ROLL_BACK, n=7)
    stage.work(5)
    stage.anchor()
    assert any("entry 10 was rewritten" in one for one in stage.wrong())


def test_a_backup_that_lacks_no_anchored_entry_is_no_alarm(stage: Stage) -> None:
    worked(stage)
    stage.work(3)
    stage.forge(ROLL_BACK, n=11)
    stage.work(3)
    stage.anchor()
    assert stage.wrong() == []


def test_a_stated_restoration_sets_the_lost_anchors_aside_and_tells_the_company(
    stage: Stage,
) -> None:
    worked(stage)
    stage.forge(ROLL_BACK, n=7)
    stage.work(1)
    done = stage.app.test_cli_runner().invoke(
        args=["anchors", "restored", "--reason", "The disk failed."]
    )
    assert done.exit_code == 0, done.output
    assert "Stated for 1 companies" in done.output
    stage.work(4)
    stage.anchor()
    found = stage.check()
    assert [one.sentence for one in found if one.level is Level.WRONG] == []
    assert any("1 anchors contradict the chain and are set aside" in one.sentence for one in found)
    entries = stage.ask("select body from audit_entries where action = 'tenant.anchors_set_aside'")
    assert json.loads(entries[0][0])["facts"]["reason"] == "The disk failed."
    # What is rewritten before the restored entry, or after the statement, is still named.
    stage.forge(REWRITE, n=6)
    assert any("entry 7 was rewritten" in one for one in stage.wrong())


def test_an_older_file_that_somebody_kept_names_it(stage: Stage, tmp_path) -> None:
    worked(stage)
    kept = tmp_path / "kept.jsonl"
    kept.write_text("\n".join(stage.lines()))
    stage.forge(REWRITE, n=9)
    stage.forge("delete from anchors")
    for path in stage.folder.iterdir():
        path.unlink()
    assert stage.wrong() == []
    assert any("entry 10 was rewritten" in one for one in stage.wrong(kept))


def test_a_changed_anchor_is_named_and_not_believed(stage: Stage) -> None:
    worked(stage)
    (path,) = stage.folder.iterdir()
    facts = [json.loads(line) for line in stage.lines()]
    facts[0]["hash"] = "0" * 64
    path.write_text("".join(json.dumps(one) + "\n" for one in facts))
    assert stage.wrong() == [
        f"1 anchors in the folder {stage.folder} were changed: their signatures do not fit."
    ]


def test_a_line_that_a_crash_cut_off_is_a_warning_and_swallows_no_other(stage: Stage) -> None:
    stage.work(2)
    stage.anchor()
    (path,) = stage.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    stage.work(1)
    stage.anchor()
    assert stage.wrong() == []
    assert any("1 lines in" in one.sentence for one in stage.check())
    assert read_line(stage.lines()[-1]).sequence == 3


def test_a_statement_by_another_key_explains_nothing(stage: Stage, monkeypatch) -> None:
    worked(stage)
    stage.forge(ROLL_BACK, n=7)
    monkeypatch.setattr(stage.app, "secret_key", "another secret of the same length, or longer")
    done = stage.app.test_cli_runner().invoke(args=["anchors", "restored", "--reason", "x"])
    assert done.exit_code == 0, done.output
    monkeypatch.undo()
    found = stage.check()
    assert any("names entry 10" in one.sentence for one in found)
    assert any("signed with another key" in one.sentence for one in found)


def test_anchors_of_a_company_without_rows_are_named(stage: Stage, cast) -> None:
    worked(stage)
    (path,) = stage.folder.iterdir()
    stage.work(1)
    stage.anchor()
    lines = path.read_text()
    stage.forge(
        "delete from anchors; delete from audit_entries; delete from audit_heads;"
        f" set session_replication_role = replica; delete from tenants where id = '{stage.tenant}'"
    )
    path.write_text(lines)
    assert any("no tombstone says that it was erased" in one for one in stage.wrong())


class TestPrintedHead:
    """`flask check --head ENTRY:HASH --tenant SLUG`, with what a customer's old PDF prints."""

    def run(self, stage: Stage, head: str, slug: str = "acme"):
        return stage.app.test_cli_runner().invoke(args=["check", "--head", head, "--tenant", slug])

    def test_it_agrees(self, stage: Stage) -> None:
        stage.work(5)
        sequence, hash = stage.head()
        stage.work(5)
        done = self.run(stage, f"{sequence}:{hash.upper()}")
        assert done.exit_code == 0, done.output
        assert "entry 5 has this hash" in done.output

    @pytest.mark.parametrize(
        ("forging", "n", "said"),
        [
            (REWRITE, 3, "entry 5 was rewritten: the PDF has another hash"),
            (ROLL_BACK, 4, "the audit chain ends at entry 4, but the PDF names entry 5"),
        ],
    )
    def test_it_names_a_rewritten_end(self, stage: Stage, forging: str, n: int, said: str) -> None:
        stage.work(5)
        sequence, hash = stage.head()
        stage.forge(forging, n=n)
        assert_links_are_valid(stage)
        done = self.run(stage, f"{sequence}:{hash}")
        assert done.exit_code == 1
        assert said in done.output

    @pytest.mark.parametrize("head", ["", "5", "5:xyz", "x:" + "0" * 64, "5:" + "0" * 63])
    def test_another_form_is_refused(self, stage: Stage, head: str) -> None:
        done = self.run(stage, head)
        assert done.exit_code != 0
        assert "Traceback" not in done.output

    def test_an_unknown_company_is_named(self, stage: Stage) -> None:
        done = self.run(stage, "1:" + "0" * 64, "nobody")
        assert done.exit_code == 1
        assert "No company has the slug nobody" in done.output


@pytest.mark.parametrize(
    "line",
    ["{}", "[]", "null", "1", '"x"', "{", '{"kind":"laudo.anchor/1"}', "\x00", '{"signature":1}'],
)
def test_a_line_of_another_form_is_no_anchor(stage: Stage, line: str) -> None:
    with stage.app.app_context(), pytest.raises(NotAnAnchor):
        read_line(line)

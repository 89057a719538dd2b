"""A sentence that counts has a form for one: "1 report", never "1 reports".

Read from the texts collected for translation: each placeholder either counts or names. A sentence
that counts has both forms, or is listed below with the reason why the number changes no word.
Numbers are passed as numbers; the sentence formats them.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel import Locale
from flask_babel import gettext, ngettext

from app.amounts import ORDINALS, with_amounts
from app.definition.sentences import NN_, say
from app.pdf.labels import LABELS, Labels
from app.web.filters import sentence_text
from tests.policy.catalogues import collected, portuguese

pytestmark = pytest.mark.xdist_group("catalogue")

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
COUNTS = frozenset(
    {
        "answers",
        "dropped_answers",
        "dropped_photos",
        "bytes",
        "checked",
        "codes",
        "comments",
        "completed",
        "count",
        "days",
        "done",
        "exceptions",
        "files",
        "found",
        "have",
        "heic",
        "jpeg",
        "least",
        "length",
        "max",
        "min",
        "minutes",
        "most",
        "needed",
        "num",
        "objects",
        "pages",
        "part",
        "photos",
        "png",
        "refused",
        "applied",
        "conflict",
        "operations",
        "early",
        "reports",
        "rows",
        "sent",
        "sessions",
        "size",
        "total",
        "unread",
        "used",
    }
)
# Placeholders of words, days, names and ordinals. Add a new one here or above.
NAMES = frozenset(
    {
        "note",
        "old_version",
        "condition",
        "example",
        "function",
        "one",
        "other",
        "path",
        "places",
        "sender",
        "setting",
        "until",
        "witness",
        "corrects",
        "field",
        "newer",
        "parts",
        "revised_as",
        "revision",
        "age",
        "at",
        "comment",
        "importer",
        "action",
        "assignee",
        "authority",
        "entry",
        "browser",
        "cell",
        "cells",
        "certificate",
        "changes",
        "code",
        "column",
        "columns",
        "company",
        "dark",
        "day",
        "detail",
        "distance",
        "due",
        "email",
        "factor",
        "facts",
        "fields",
        "file",
        "filters",
        "first",
        "format",
        "given",
        "granted",
        "id",
        "inviter",
        "kept",
        "key",
        "kind",
        "known",
        "label",
        "language",
        "large",
        "layout",
        "last",
        "letters",
        "limit",
        "locale",
        "moment",
        "n",
        "name",
        "names",
        "new",
        "new_caption",
        "new_position_reason",
        "new_reason",
        "number",
        "numbers",
        "old",
        "old_caption",
        "old_position_reason",
        "old_reason",
        "out",
        "own",
        "page",
        "paper",
        "person",
        "place",
        "position",
        "printed",
        "question",
        "radius",
        "reason",
        "reply",
        "report",
        "role",
        "round",
        "row",
        "second",
        "sequence",
        "sha256",
        "sheet",
        "signer",
        "since",
        "slug",
        "small",
        "source",
        "status",
        "step",
        "subject",
        "system",
        "tag",
        "taken_back",
        "text",
        "time",
        "time_zone",
        "title",
        "typed",
        "unit",
        "value",
        "version",
        "waiver",
        "what",
        "when",
        "whose",
        "why",
        "word",
        "words",
        "zone",
        "stamped_at",
        "type",
    }
)

LABEL = "the number stands behind a colon, and nothing agrees with it"
SHARE = "a part of a whole, with no noun beside it"
UNIT = "a unit that has one form"
INVARIABLE = "no word beside the number changes with it, in either language"
FIXED = "a limit of ours that is never one"
MANY = "said only where there are two or more"
# The beginning of each sentence with one form, and why.
ONE_FORM = {
    "at least %(count)s": INVARIABLE,
    "at most %(count)s": INVARIABLE,
    "%(done)s of %(total)s": SHARE,
    "%(name)s began this correction of": LABEL,
    "Looked at: %(done)s of %(count)s": SHARE,
    "step %(number)s of %(count)s": SHARE,
    "%(used)s of %(most)s": SHARE,
    "%(used)s, no limit": SHARE,
    "Page %(page)s of %(pages)s": SHARE,
    "Rendering pages: ": LABEL,
    "Placing photos: ": LABEL,
    "Preparing photos: ": LABEL,
    "Laying out page ": "an ordinal",
    "%(name)s imported the unsent work": LABEL,
    "%(name)s added photos: ": LABEL,
    "%(name)s changed photos: ": LABEL,
    "%(name)s had photos read again: ": LABEL,
    "%(name)s removed photos: ": LABEL,
    "%(name)s saved answers: ": LABEL,
    "%(name)s generated new recovery codes: ": LABEL,
    "Cells without a reading: ": LABEL,
    "Cells that can be read as two numbers: ": LABEL,
    "Completed reports compared with their frozen snapshots: ": LABEL,
    "Photos": LABEL,
    "People in your company: ": LABEL,
    "Reports started by your company this month: ": LABEL,
    "Storage used by your company: ": LABEL,
    "The PDF was generated. ": LABEL,
    'The files of the company "%(what)s" were erased. ': LABEL,
    "Pictures are not imported: ": LABEL,
    "Charts are not imported: ": LABEL,
    "Drawn shapes and text boxes are not imported: ": LABEL,
    "Buttons and tick boxes are not imported: ": LABEL,
    "Comments on cells are not imported: ": LABEL,
    "More hidden rows were skipped: ": LABEL,
    "%(name)s added photos that were already in the report: ": LABEL,
    "The export of reports with their answers (%(format)s) was generated. ": LABEL,
    "The radius must be between": UNIT,
    "The radius “%(text)s” cannot be read": UNIT,
    "%(used)s of %(most)s GB": UNIT,
    "That is %(sent)s MB": UNIT,
    "The signature is larger than": UNIT,
    "Unpacked, the workbook": UNIT,
    "%(count)s in quarantine": INVARIABLE,
    "%(count)s overdue": INVARIABLE,
    "%(count)s open": INVARIABLE,
    "%(out)s of %(count)s out of limits": INVARIABLE,
    "And %(count)s more.": INVARIABLE,
    "at most %(most)s": INVARIABLE,
    "The minimum %(min)s is above": INVARIABLE,
    "%(found)s entries are too many for": MANY,
    "%(found)s reports are too many for": MANY,
    "All %(count)s": MANY,
    "The text has %(length)s characters": MANY,
    "%(most)s of your exports are already in progress": FIXED,
    "%(most)s of your evidence bundles are already in progress": FIXED,
    "A file can contain at most %(most)s reports": FIXED,
    "%(most)s invitations were sent": FIXED,
    "%(most)s mails with this link": FIXED,
    "This report already has %(most)s links": FIXED,
    "You wrote %(most)s comments": FIXED,
    "A name must have 1 to": FIXED,
    "A password must have": FIXED,
    "Delete in %(days)s days": FIXED,
    "In %(days)s days, all of its people": FIXED,
    "The image has more pixels": FIXED,
    "You have reached the limit of %(most)s passkeys": FIXED,
}


def texts() -> dict[str, bool]:
    """Every collected text, and whether it has two forms."""
    found = {}
    for message in collected():
        if message.id:
            is_plural = isinstance(message.id, tuple)
            found[message.id[1] if is_plural else message.id] = is_plural
    return found


def test_every_placeholder_counts_or_names():
    known = {name for text in texts() for name in PLACEHOLDER.findall(text)}
    assert known - COUNTS - NAMES == set(), "say in this file whether these count something"
    assert (COUNTS | NAMES) - known == set(), "no sentence has these any more"
    assert set() == COUNTS & NAMES and ORDINALS <= NAMES


def test_every_sentence_that_counts_has_a_form_for_one():
    wrong, used = [], set()
    for text, is_plural in texts().items():
        if is_plural or not COUNTS & set(PLACEHOLDER.findall(text)):
            continue
        reasons = {start for start in ONE_FORM if text.startswith(start)}
        used |= reasons
        if not reasons:
            wrong.append(text)
    assert wrong == [], "use ngettext (NN_ in sentences), or give the reason in ONE_FORM"
    assert set(ONE_FORM) - used == set(), "reasons for sentences that are gone"


def test_both_forms_of_portuguese_are_told_apart_where_english_is():
    """Two equal forms usually mean that the plural was not translated."""
    for message in portuguese():
        if isinstance(message.id, tuple) and message.id[0] != message.id[1]:
            assert len(message.string) == 2, message.id


@pytest.mark.parametrize("key", sorted(key for key, words in LABELS.items() if "%(" in words[0]))
def test_the_words_of_a_pdf_that_count_have_a_form_for_one(key):
    counting = {
        "n_questions": "n",
        "more_photos": "n",
        "photos_printed": "good",
        "unread": "n",
        "entries_imported": "n",
        "review_comments": "n",
        "witness_accepted": "n",
    }
    plain = {
        "version",
        "changed_version",
        "changes",
        "range",
        "typed",
        "quarantined",
        "nearest",
        "from_site",
        "radius",
        "own_and_typed",
        "typed_and_own",
        "review_round",
        "review_step",
        "witness_sent",
        "calculated",
        "failed_rule",
    }
    assert key in counting or key in plain or key.startswith("one_")
    if key in counting:
        labels = Labels(("en", "pt"))
        counts = {"n": 1, "good": 1, "printed": 1}
        words = {"importer": "Ana"}
        one = labels.counted(key, by=counting[key], **counts, **words)
        many = labels.counted(key, by=counting[key], **dict.fromkeys(counts, 2), **words)
        assert one.first.replace("1", "2") != many.first or key == "unread"
        assert one.second.replace("1", "2") != many.second


def test_amounts_are_written_in_the_language():
    assert with_amounts({"most": 100_000, "number": 100_000, "name": "x", "is": True}) == {
        "most": "100,000",
        "number": 100_000,
        "name": "x",
        "is": True,
    }
    assert with_amounts({"most": 999, "size": Decimal("1234.5")}, Locale("pt", "BR")) == {
        "most": 999,
        "size": "1.234,5",
    }
    found = say(NN_("%(count)s cell", "%(count)s cells"), count=100_000)
    assert (str(found), str(say(NN_("%(count)s cell", "%(count)s cells"), count=1))) == (
        "100,000 cells",
        "1 cell",
    )


@pytest.mark.parametrize(("language", "text"), [("en", "100,000"), ("pt-BR", "100.000")])
def test_every_way_to_a_sentence_writes_amounts(app, language, text):
    template = app.jinja_env.from_string(
        "{{ _('%(used)s of %(most)s', used=1, most=100000) }}"
        "|{{ ngettext('%(num)s report', '%(num)s reports', 100000) }}"
    )
    with app.test_request_context(headers={"Accept-Language": language}):
        sentences = [
            gettext("%(used)s of %(most)s", used=1, most=100_000),
            ngettext("%(num)s report", "%(num)s reports", 100_000),
            sentence_text(say("The sheet continues below row %(limit)s.", limit=100_000)),
            *template.render().split("|"),
        ]
    assert [one for one in sentences if text not in one] == []

"""Routes of the builder. Each edit answers with the part that it changed, and the bar above."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID, uuid4

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.checklists import blueprint
from app.checklists.building import nodes, operations, service, starting
from app.checklists.building.forms import StartForm
from app.checklists.building.page import Builder, Saved
from app.checklists.building.queries import list_used_ids
from app.checklists.building.service import Sender
from app.checklists.building.settings import read_settings
from app.checklists.queries import get_version
from app.definition.answers import InvalidAnswer, clean_text
from app.definition.schema import FieldType
from app.definition.unfinished import Part
from app.errors import NotFound
from app.extensions import db
from app.models import MANAGERS
from app.web.errors import translated
from app.web.filters import sentence_text
from app.web.fragments import (
    redirect_to,
    render_fragment,
    render_page,
    wants_fragment,
)
from app.web.guards import current_actor, requires
from app.web.locale import reader_language

EDIT = "/checklists/versions/<uuid:version_id>/edit"
PART = f"{EDIT}/<any(header,section,field,role):part>/<node_id>"
# The id of the cover in addresses; it has none in the body.
COVER = "-"
# The token of a form that the page drew; whoever sends another one edits as a form of its own.
_EDITOR = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/checklists/build")
@requires(*MANAGERS)
def build() -> Response:
    return _start_page(StartForm())


@blueprint.post("/checklists/build")
@requires(*MANAGERS)
def start() -> Response:
    form = StartForm().offer(reader_language())
    if not form.validate_on_submit():
        return _start_page(form, status=422)
    try:
        draft = starting.start_checklist(
            code=str(form.code.data),
            title=str(form.title.data),
            languages=form.languages,
            actor=current_actor(),
        )
    except starting.CodeInUse as refused:
        form.code.errors = [translated(refused)]
        return _start_page(form, status=422)
    db.session.commit()
    return redirect_to(url_for(".edit", version_id=draft.id))


@blueprint.post(EDIT)
@requires(*MANAGERS)
def begin_edit(version_id: UUID) -> Response:
    draft = starting.draft_of(version_id=version_id, actor=current_actor())
    draft_id = draft.id
    db.session.commit()
    return redirect_to(url_for(".edit", version_id=draft_id))


@blueprint.get(EDIT)
@requires(*MANAGERS)
def edit(version_id: UUID) -> Response:
    """With `part` and `id`, that part is open."""
    version = get_version(version_id)
    if not version.is_draft:
        return redirect_to(url_for(".preview", version_id=version_id))
    opened = (request.args.get("part", ""), request.args.get("id", ""))
    return _whole_page(_builder(version_id), opened)


@blueprint.get(PART)
@requires(*MANAGERS)
def edit_part(version_id: UUID, part: str, node_id: str) -> Response:
    """The part with its settings; `closed` gives its line alone."""
    if not get_version(version_id).is_draft:
        return redirect_to(url_for(".preview", version_id=version_id))
    if not wants_fragment():
        return _to_part(version_id, part, node_id)
    is_open = "closed" not in request.args
    return _part_fragment(_builder(version_id), Part(part), node_id, is_open=is_open)


@blueprint.post(PART)
@requires(*MANAGERS)
def save_part(version_id: UUID, part: str, node_id: str) -> Response:
    one, own_id = Part(part), _own_id(node_id)
    stored = _stored_node(version_id, one, own_id)
    whole = get_version(version_id).definition
    reading = read_settings(one, stored, request.form.to_dict(flat=False), whole)
    try:
        edited = service.change_settings(
            version_id=version_id,
            part=one,
            node_id=own_id,
            values=reading.values,
            sender=_sender(),
            actor=current_actor(),
        )
    except (starting.CodeInUse, service.CodeIsFinal) as refused:
        db.session.rollback()
        return _saved(version_id, one, own_id, Saved(sentence=translated(refused)))
    db.session.commit()
    saved = Saved(reading.errors, edited.conflicts, places=reading.places)
    return _saved(version_id, one, own_id, saved)


@blueprint.post(f"{EDIT}/field/<node_id>/type")
@requires(*MANAGERS)
def change_type(version_id: UUID, node_id: str) -> Response:
    kind = request.form.get("type", "")
    if kind not in list(FieldType):
        raise NotFound
    service.change_type(
        version_id=version_id,
        node_id=node_id,
        kind=FieldType(kind),
        sender=_sender(),
        actor=current_actor(),
    )
    db.session.commit()
    if not wants_fragment():
        return _to_part(version_id, Part.FIELD, node_id)
    return _part_fragment(_builder(version_id), Part.FIELD, node_id, with_bar=True)


@blueprint.post(f"{EDIT}/add/<any(section,field,role):part>")
@requires(*MANAGERS)
def add_part(version_id: UUID, part: str) -> Response:
    """Add a part after `after`, else at the end; of a section if it is a field."""
    one, inside = Part(part), request.form.get("inside") or None
    kind = request.form.get("type") or next(iter(FieldType)).value
    if kind not in list(FieldType):
        raise NotFound
    try:
        text = clean_text(request.form.get("text", ""), 2_000)
    except InvalidAnswer as error:
        return _refused(version_id, sentence_text(error.sentence))
    ids = _ids(version_id)

    def make(body: operations.Body) -> tuple[dict[str, Any], operations.Place]:
        node = nodes.new_node(body, one, text=text, kind=FieldType(kind), inside=inside, ids=ids)
        return node, nodes.place_after(body, one, inside, request.form.get("after") or None)

    return _inserted(version_id, one, make)


@blueprint.post(f"{EDIT}/<any(section,field,role):part>/<node_id>/copy")
@requires(*MANAGERS)
def copy_part(version_id: UUID, part: str, node_id: str) -> Response:
    one, ids = Part(part), _ids(version_id)

    def make(body: operations.Body) -> tuple[dict[str, Any], operations.Place]:
        inside = operations.place_of(body, one, node_id).inside
        return nodes.copy_node(body, one, node_id, ids), operations.Place(inside, node_id)

    return _inserted(version_id, one, make)


@blueprint.post(f"{EDIT}/<any(section,field,role):part>/<node_id>/remove")
@requires(*MANAGERS)
def remove_part(version_id: UUID, part: str, node_id: str) -> Response:
    service.remove_node(
        version_id=version_id,
        part=Part(part),
        node_id=node_id,
        sender=_sender(),
        actor=current_actor(),
    )
    db.session.commit()
    return _bar(version_id)


@blueprint.post(f"{EDIT}/<any(section,field,role):part>/<node_id>/move")
@requires(*MANAGERS)
def move_part(version_id: UUID, part: str, node_id: str) -> Response:
    """One step (`step` is up or down), or to a place (`inside`, `after`)."""
    one, form = Part(part), request.form
    body = service.require_draft(get_version(version_id)).body
    place = operations.Place(form.get("inside") or None, form.get("after") or None)
    if form.get("step"):
        place = _step(body, one, node_id, down=form["step"] == "down")
    edited = service.move_node(
        version_id=version_id,
        part=one,
        node_id=node_id,
        place=place,
        sender=_sender(),
        actor=current_actor(),
    )
    db.session.commit()
    moved = {"part": part, "id": node_id, "inside": place.inside, "after": place.after}
    return _bar(version_id, moved=moved if edited.changes else None, at=(part, node_id))


@blueprint.post(f"{EDIT}/<any(undo,redo):step>")
@requires(*MANAGERS)
def step_edit(version_id: UUID, step: str) -> Response:
    verb = service.undo if step == "undo" else service.redo
    edited = verb(version_id=version_id, sender=_sender(), actor=current_actor())
    changed = edited.changes[0]
    db.session.commit()
    if not wants_fragment():
        return _to_part(version_id, changed["part"], changed["id"])
    shown = {"part": changed["part"], "id": changed["id"] or COVER}
    is_one = all(one["do"] == "set" for one in edited.changes)
    response = (
        _elsewhere(version_id, Part(changed["part"]), changed["id"])
        if is_one
        else render_fragment(
            "checklists/building/_outline.html",
            builder=_builder(version_id),
            opened=("", ""),
            with_bar=True,
        )
    )
    response.headers["HX-Trigger"] = json.dumps({"part-shown": shown})
    return response


def _inserted(version_id: UUID, part: Part, make: Any) -> Response:
    edited = service.insert_node(
        version_id=version_id, part=part, make=make, sender=_sender(), actor=current_actor()
    )
    node_id = edited.changes[0]["id"]
    db.session.commit()
    if not wants_fragment():
        return _to_part(version_id, part, node_id)
    return _part_fragment(_builder(version_id), part, node_id, with_bar=True, is_new=True)


def _step(body: operations.Body, part: Part, node_id: str, *, down: bool) -> operations.Place:
    try:
        return nodes.neighbour(body, part, node_id, down=down)
    except operations.Gone:
        raise service.PartGone from None


def _sender() -> Sender:
    base = request.form.get("base", "")
    number = int(base) if base.isascii() and base.isdigit() and len(base) < 10 else 0
    editor = request.form.get("editor", "")
    return Sender(editor=editor if _EDITOR.fullmatch(editor) else uuid4().hex, base=number)


def _ids(version_id: UUID) -> nodes.IdSource:
    return nodes.IdSource(list_used_ids(get_version(version_id).checklist_id))


def _own_id(node_id: str) -> str:
    return "" if node_id == COVER else node_id


def _stored_node(version_id: UUID, part: Part, node_id: str) -> dict[str, Any]:
    body = service.require_draft(get_version(version_id)).body
    try:
        return operations.find(body, part, node_id)
    except operations.Gone:
        raise service.PartGone from None


def _builder(version_id: UUID) -> Builder:
    as_text = request.args.get("as_text", "")
    return Builder(get_version(version_id), current_user.account_id, as_text)


def _start_page(form: StartForm, *, status: int = 200) -> Response:
    form = form.offer(reader_language())
    return render_page("checklists/building/new.html", "content", status=status, form=form)


def _whole_page(
    builder: Builder, opened: tuple[str, str], saved: Saved | None = None, *, status: int = 200
) -> Response:
    return render_page(
        "checklists/building/edit.html",
        "content",
        status=status,
        builder=builder,
        opened=opened,
        saved=saved,
    )


def _part_fragment(
    builder: Builder, part: Part, node_id: str, *, is_open: bool = True, **how: bool
) -> Response:
    try:
        node = builder.node(part, _own_id(node_id))
    except operations.Gone:
        raise service.PartGone from None
    return render_fragment(
        "checklists/building/_part.html",
        builder=builder,
        part=part,
        node=node,
        is_open=is_open,
        **how,
    )


def _elsewhere(version_id: UUID, part: Part, node_id: str) -> Response:
    """The part, open, in place of the one on the page, whatever asked."""
    return _part_fragment(_builder(version_id), part, node_id, with_bar=True, elsewhere=True)


def _saved(version_id: UUID, part: Part, node_id: str, saved: Saved) -> Response:
    """What became of a save: the state line, the part's line and its preview."""
    status = 409 if saved.conflicts else 200 if saved.is_whole else 422
    builder = _builder(version_id)
    if not wants_fragment():
        if saved.is_whole:
            return _to_part(version_id, part, node_id)
        return _whole_page(builder, (part, node_id or COVER), saved, status=status)
    if saved.is_whole and request.form.get("whole"):
        return _elsewhere(version_id, part, node_id)
    return render_fragment(
        "checklists/building/_saved.html",
        status=status,
        builder=builder,
        part=part,
        node=builder.node(part, node_id),
        saved=saved,
    )


def _bar(
    version_id: UUID,
    *,
    moved: dict[str, Any] | None = None,
    at: tuple[str, str] | None = None,
) -> Response:
    if not wants_fragment():
        return (
            _to_part(version_id, *at)
            if at
            else redirect_to(url_for(".edit", version_id=version_id))
        )
    response = render_fragment("checklists/building/_bar_only.html", builder=_builder(version_id))
    if moved:
        response.headers["HX-Trigger"] = json.dumps({"part-moved": moved})
    return response


def _refused(version_id: UUID, sentence: str) -> Response:
    if wants_fragment():
        response = Response(sentence, 422, content_type="text/plain; charset=utf-8")
        toast = {"toast": {"kind": "error", "text": sentence}}
        response.headers["HX-Trigger"] = json.dumps(toast)
        response.headers["HX-Reswap"] = "none"
        return response
    flash(sentence, "error")
    return redirect_to(url_for(".edit", version_id=version_id))


def _to_part(version_id: UUID, part: str, node_id: str) -> Response:
    anchor = f"{part}-{node_id or COVER}"
    return redirect_to(
        url_for(
            ".edit",
            version_id=version_id,
            part=part,
            id=node_id or COVER,
            as_text=request.args.get("as_text"),
            _anchor=anchor,
        )
    )

"""Routes of XLSForms: what is left out and in which languages, the draft, and the export."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Response, request, send_file, url_for

from app.checklists import blueprint, kept_forms, queries, service
from app.checklists.forms import LanguagesForm
from app.definition.xlsform.leftout import SENTENCES, by_construct
from app.definition.xlsform.reading import FormReading
from app.definition.xlsform.writer import write_form
from app.extensions import db
from app.models import MANAGERS, STAFF
from app.transactions import pause
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/checklists/forms/<token>")
@requires(*MANAGERS)
def form(token: str) -> Response:
    """What the draft would have, in the languages of the address or those that are proposed."""
    kept = kept_forms.get_kept(token, actor=current_actor())
    chosen = LanguagesForm.chosen_in(request.args)
    reading = kept_forms.look_at(kept, chosen)
    status = 422 if chosen and reading.problems else 200
    return _form_page(token, kept, reading, status=status)


@blueprint.post("/checklists/forms/<token>")
@requires(*MANAGERS)
def confirm_form(token: str) -> Response:
    kept = kept_forms.get_kept(token, actor=current_actor())
    chosen = LanguagesForm.chosen_in(request.form)
    if chosen is None:
        return _form_page(token, kept, kept_forms.look_at(kept, None), status=422)
    try:
        draft = service.draft_from_workbook(
            data=kept.data, filename=kept.filename, actor=current_actor(), languages=chosen
        )
    except service.WorkbookRefused as refused:
        reading = kept_forms.look_at(kept, None)
        return _form_page(token, kept, reading, refused, status=422)
    db.session.commit()
    return redirect_to(url_for(".preview", version_id=draft.id))


@blueprint.get("/checklists/versions/<uuid:version_id>/xlsform")
@requires(*STAFF)
def export_form(version_id: UUID) -> Response:
    version = queries.get_version(version_id)
    definition, code, number = version.definition, version.checklist.code, version.number
    pause()
    name = f"{code}-v{number}-xlsform.xlsx"
    return send_file(BytesIO(write_form(definition)), XLSX, as_attachment=True, download_name=name)


def _form_page(
    token: str,
    kept: kept_forms.KeptForm,
    reading: FormReading,
    refused: service.WorkbookRefused | None = None,
    *,
    status: int = 200,
) -> Response:
    facts = reading.form
    languages = facts.languages if facts else ()
    chosen = facts.chosen if facts else ()
    return render_page(
        "checklists/form.html",
        "content",
        status=status,
        token=token,
        file=kept.filename,
        form=LanguagesForm(formdata=None).offer(languages, chosen),
        languages=languages,
        problems=refused.problems if refused else reading.problems,
        is_busy=refused.is_busy if refused else reading.is_busy,
        notices=reading.notices,
        left_out=by_construct(facts.left_out) if facts else {},
        sentences=SENTENCES,
        definition=reading.definition,
        counts=queries.count_parts(reading.definition) if reading.definition else None,
    )

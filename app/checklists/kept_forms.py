"""An uploaded XLSForm between its upload and the decision to make a draft of it.

Its bytes are in the storage, where the sweep deletes them after a day; the address of its page is
signed and names them. No row, and nothing to tidy up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath

from itsdangerous import BadData

from app.definition.importing import read_any_in_sandbox
from app.definition.xlsform.reading import FormReading
from app.errors import DomainError, NotFound
from app.models import Actor
from app.signing import KEPT_FORM
from app.storage import CorruptObject, MissingObject, object_key, put_bytes, storage
from app.tenancy import require_tenant
from app.transactions import pause


class FormGone(DomainError):
    """This upload is no longer kept. Upload the form again."""

    status = 410


@dataclass(frozen=True, slots=True)
class KeptForm:
    data: bytes
    filename: str


def keep(data: bytes, *, filename: str, actor: Actor) -> str:
    """Store the form for a day; returns the token of its page. Raises StorageUnavailable."""
    pause()
    key = object_key(require_tenant(), "form", hashlib.sha256(data).hexdigest())
    put_bytes(key, data)
    return KEPT_FORM.sign([key, filename, str(actor.account_id)])


def get_kept(token: str, *, actor: Actor) -> KeptForm:
    """The form of this person's token. Raises NotFound, FormGone, StorageUnavailable."""
    try:
        key, filename, account_id = KEPT_FORM.read(token)
    except (BadData, ValueError, TypeError) as error:
        raise NotFound from error
    if account_id != str(actor.account_id):
        raise NotFound
    pause()
    try:
        with storage().open(key) as file:
            return KeptForm(file.read(), filename)
    except (MissingObject, CorruptObject) as error:
        raise FormGone from error


def look_at(form: KeptForm, languages: list[str] | None) -> FormReading:
    """Read the form without changing anything. Raises NotFound if it is none, and Busy."""
    pause()
    stem = PurePath(form.filename).stem
    reading = read_any_in_sandbox(form.data, filename_stem=stem, languages=languages)
    if isinstance(reading, FormReading) and reading.form:
        return reading
    if reading.is_busy:
        return FormReading(None, reading.problems, (), None, is_busy=True)
    raise NotFound

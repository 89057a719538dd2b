"""An audit entry names its row: a new one is flushed first, and none is written without an id."""

from __future__ import annotations

import json

import pytest

from app.evidence import service
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Project


def test_an_entry_about_a_new_row_has_its_id(acting, cast):
    with acting(cast.max) as actor:
        project = Project(name="Data Center SP4", client="Lobo", address="")
        db.session.add(project)
        service.record("project.created", project, actor)
        db.session.commit()
        (entry,) = list_entries("project", project.id)
        assert entry.object_id == project.id
        assert json.loads(entry.body)["object"] == {"type": "project", "id": str(project.id)}


def test_no_entry_is_made_about_a_row_without_an_id(acting, cast):
    with acting(cast.max) as actor, pytest.raises(ValueError, match="the project has no id yet"):
        service._entry("project.created", Project(name="x"), actor, {})

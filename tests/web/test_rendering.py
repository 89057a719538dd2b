"""No transaction is open while a template renders, and no template runs a query."""

from __future__ import annotations

import ast
import logging

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import DetachedInstanceError

from app.extensions import db
from app.models import Account, Report
from app.tenancy import tenant_scope
from app.transactions import QueryWhileRendering
from app.web.fragments import render_text
from tests.policy.sources import modules, place_of, tree_of
from tests.support import scenarios
from tests.support.alone import app_alone
from tests.support.cast import load_cast

# Mails are rendered by jobs, from plain values.
RENDERING = {"web/fragments.py", "mail/letter.py"}


def count_people() -> int:
    return db.session.scalar(select(func.count(Account.id))) or 0


@pytest.fixture
def counting(app):
    return app.jinja_env.from_string("{{ count_people() }} people")


def test_templates_share_the_globals_of_the_environment(app):
    """Jinja compares the globals of both templates at every import of a macro."""
    environment = app.jinja_env
    for name in ("layouts/base.html", "components/_icons.html"):
        assert environment.get_template(name).globals is environment.globals
    own = environment.from_string("{{ word }}", globals={"word": "its own"})
    assert own.render() == "its own" and "word" not in environment.globals


def test_a_template_that_runs_a_query_is_refused(app, acting, cast, counting):
    with acting(cast.tess), app.test_request_context():
        with pytest.raises(QueryWhileRendering):
            render_text(counting, count_people=count_people)
        assert count_people() == 5, "after the template, queries run again"


def test_in_production_it_is_logged_and_the_page_is_shown(
    app, acting, cast, counting, caplog, monkeypatch
):
    monkeypatch.setitem(app.config, "TESTING", False)
    with acting(cast.tess), app.test_request_context(), caplog.at_level(logging.ERROR):
        assert render_text(counting, count_people=count_people) == "5 people"
    assert "a template runs a query" in caplog.text


def test_a_template_loads_nothing_behind_the_back_of_its_route(app, acting, cast):
    template = app.jinja_env.from_string("{{ report.title }}: {{ report.project.name }}")
    with acting(cast.tess) as actor:
        report_id = scenarios.a_report(actor).id
    with acting(cast.tess), app.test_request_context():
        found = select(Report).where(Report.id == report_id)
        with pytest.raises(DetachedInstanceError):
            render_text(template, report=db.session.scalars(found).one())
        report = db.session.scalars(found).one()
        assert report.project.name in render_text(template, report=report)


def test_the_connection_is_free_while_a_page_renders(tmp_path):
    """On a real pool: the route has read, so it holds a connection, and the template does not."""
    with app_alone(tmp_path) as app, app.app_context():
        cast = load_cast(app)

        def held() -> int:
            return db.engine.pool.checkedout()  # type: ignore[attr-defined]

        template = app.jinja_env.from_string("{{ held() }}")
        with tenant_scope(cast.acme), app.test_request_context():
            count_people()
            assert held() == 1
            assert render_text(template, held=held) == "0"


def test_all_pages_are_rendered_by_the_fragments():
    users = {
        place_of(path)
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if one.name in ("render_template", "render_template_string", "stream_template")
        or one.name.startswith("render_block")
    }
    assert users == RENDERING

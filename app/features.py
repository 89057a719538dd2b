"""The list of features: every blueprint, background job, subscription and command that create_app
registers."""

from __future__ import annotations

from flask import Flask

import app.anchors.jobs
import app.branding.jobs
import app.documents.jobs
import app.documents.subscriptions
import app.evidence.jobs
import app.exports.answers.jobs
import app.exports.bundle.jobs
import app.exports.bundle.panel
import app.exports.company.jobs
import app.exports.workbook_copies.panel
import app.mail.jobs
import app.mail.subscriptions
import app.photos.jobs
import app.platform.jobs
import app.uploads.jobs
import app.witnessing.panel
from app import (
    api,
    audit,
    auth,
    branding,
    checking,
    checklists,
    cli,
    company,
    documents,
    downloads,
    equipment,
    exports,
    health,
    home,
    mail,
    offline,
    operations,
    outboxes,
    photos,
    plans,
    platform,
    projects,
    reports,
    team,
    uploads,
    witnessing,
)

BLUEPRINTS = (
    auth.blueprint,
    home.blueprint,
    health.blueprint,
    downloads.blueprint,
    projects.blueprint,
    equipment.blueprint,
    checklists.blueprint,
    reports.blueprint,
    photos.blueprint,
    uploads.blueprint,
    operations.blueprint,
    outboxes.blueprint,
    documents.blueprint,
    checking.blueprint,
    witnessing.blueprint,
    exports.blueprint,
    team.blueprint,
    company.blueprint,
    branding.blueprint,
    plans.blueprint,
    platform.blueprint,
    audit.blueprint,
    mail.blueprint,
    api.blueprint,
    offline.blueprint,
)
# Workers poll the queues in this order.
JOBS = (
    photos.jobs,
    documents.jobs,
    mail.jobs,
    branding.jobs,
    app.exports.company.jobs,
    app.exports.answers.jobs,
    app.exports.bundle.jobs,
    app.evidence.jobs,
    app.anchors.jobs,
    platform.jobs,
    uploads.jobs,
)
# Notified in this order.
SUBSCRIPTIONS = (
    mail.subscriptions,
    documents.subscriptions,
    app.exports.bundle.panel,
    app.exports.workbook_copies.panel,
    app.witnessing.panel,
)


def init_app(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for jobs in JOBS:
        jobs.register(app)
    for subscriptions in SUBSCRIPTIONS:
        subscriptions.register(app)
    cli.init_app(app)

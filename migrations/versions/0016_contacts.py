"""Address, telephone, e-mail, website and tax number of a company and of a project's client.

What stands in `tenants.contact` stays there, as the note below the company's own.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("alter table tenants add column contact_parts jsonb not null default '{}'")
    op.execute("alter table projects add column client_contact jsonb not null default '{}'")
    op.execute("grant update (contact_parts) on tenants to laudo_app")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")

"""Routes of company: the brand's stylesheet and the logos, for the company's own people only."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask_login import current_user

from app.company import blueprint
from app.errors import NotFound
from app.models import Tenant
from app.web import brand
from app.web.files import open_stored
from app.web.guards import MEMBERS, requires

FOR_EVER = "private, max-age=31536000, immutable"
# Opened by itself, a picture may load and run nothing.
SANDBOX = "default-src 'none'; sandbox"


@blueprint.get("/brand/<uuid:tenant_id>/<digest>.css")
@requires(*MEMBERS, even_unproven=True)
def brand_css(tenant_id: UUID, digest: str) -> Response:
    tenant = _own(tenant_id)
    if digest != brand.brand_digest(tenant):
        raise NotFound
    return kept_for_ever(brand.brand_css(tenant).encode(), "text/css; charset=utf-8")


@blueprint.get("/logo/<uuid:tenant_id>/<any(first,second):kind>")
@requires(*MEMBERS, even_unproven=True)
def logo(tenant_id: UUID, kind: str) -> Response:
    tenant = _own(tenant_id)
    key = tenant.logo_key if kind == "first" else tenant.second_logo_key
    if key is None:
        raise NotFound
    with open_stored(key) as stored:
        return kept_for_ever(stored.read(), "image/png")


def _own(tenant_id: UUID) -> Tenant:
    tenant: Tenant = current_user.tenant
    if tenant.id != tenant_id:
        raise NotFound
    return tenant


def kept_for_ever(body: bytes, content_type: str) -> Response:
    """The address changes with the content, so nobody needs to ask again."""
    headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": SANDBOX}
    return Response(body, content_type=content_type, headers=headers)

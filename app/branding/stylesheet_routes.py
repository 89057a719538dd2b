"""Routes of the brand's stylesheet and logos, only for members of the company."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask_login import current_user

from app.branding import blueprint
from app.downloads.files import open_stored
from app.errors import NotFound
from app.models import Tenant
from app.web import brand
from app.web.guards import MEMBERS, requires

IMMUTABLE = "private, max-age=31536000, immutable"
# A file opened on its own may neither load nor run anything.
SANDBOX = "default-src 'none'; sandbox"


@blueprint.get("/brand/<uuid:tenant_id>/<digest>.css")
@requires(*MEMBERS, even_without_second_factor=True)
def stylesheet(tenant_id: UUID, digest: str) -> Response:
    tenant = _require_own_tenant(tenant_id)
    if digest != brand.brand_digest(tenant):
        raise NotFound
    return immutable_response(brand.brand_css(tenant).encode(), "text/css; charset=utf-8")


@blueprint.get("/logo/<uuid:tenant_id>/<any(first,second):kind>")
@requires(*MEMBERS, even_without_second_factor=True)
def logo(tenant_id: UUID, kind: str) -> Response:
    tenant = _require_own_tenant(tenant_id)
    key = tenant.logo_key if kind == "first" else tenant.second_logo_key
    if key is None:
        raise NotFound
    with open_stored(key) as stored:
        return immutable_response(stored.read(), "image/png")


def _require_own_tenant(tenant_id: UUID) -> Tenant:
    tenant: Tenant = current_user.tenant
    if tenant.id != tenant_id:
        raise NotFound
    return tenant


def immutable_response(body: bytes, content_type: str) -> Response:
    """A response that browsers cache for a year, since the URL changes with the content."""
    headers = {"Cache-Control": IMMUTABLE, "Content-Security-Policy": SANDBOX}
    return Response(body, content_type=content_type, headers=headers)

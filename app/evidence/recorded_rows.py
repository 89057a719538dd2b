"""The statements that read the rows of completed reports for recorded.py. Each takes a tenant and a
list of reports; times are text in the format of the audit chain."""

from __future__ import annotations

from app.evidence.digests import instant, instants

_OF_REPORTS = "tenant_id = %s::uuid and report_id = any(%s::uuid[])"

REPORTS = f"""
select r.id::text, r.tenant_id::text as tenant, r.status, r.outcome, r.number,
  r.revision::text, r.revision_of::text, r.revision_reason, r.title, r.check_token,
  r.project_id::text as project, r.equipment_id::text as equipment,
  r.started_by::text, r.assignee_id::text as assignee, r.completed_by::text,
  {instants("r.created_at", "r.started_at", "r.submitted_at", "r.completed_at")},
  r.discarded_at is not null as is_discarded, v.id::text as version_id,
  v.checklist_id::text as checklist, v.number::text as version, v.body
from reports r join versions v on v.tenant_id = r.tenant_id and v.id = r.version_id
where r.tenant_id = %s::uuid and r.id = any(%s::uuid[])
"""
ANSWERS = f"""
select report_id::text, field_id, value, comment, na_reason, row_version::text,
  answered_by::text, carried_from::text, {instants("answered_at", "client_at")}
from answers where {_OF_REPORTS}
"""
PHOTOS = f"""
select p.report_id::text, p.id::text, p.photo_id::text as photo, p.field_id as field,
  p.position::text, p.caption, p.quarantine_reason, p.position_reason,
  p.carried_from::text, {instants("p.removed_at")}, o.sha256, o.byte_size::text, o.media_type,
  o.source, o.uploaded_by::text, {instant("o.created_at")} as received_at,
  {instants("o.client_at", "o.position_at")}, o.latitude::text, o.longitude::text,
  o.accuracy_m::text, g.id is not null as is_read, g.verdict, g.reason, g.width::text,
  g.height::text, g.orientation::text, g.taken_at, g.taken_offset,
  g.latitude::text as reading_latitude, g.longitude::text as reading_longitude,
  g.altitude_m::text, g.accuracy_m::text as reading_accuracy_m, g.device, g.parser_version,
  g.notes, g.exif
from photo_placements p
  join photos o on o.tenant_id = p.tenant_id and o.id = p.photo_id
  left join photo_readings g on g.tenant_id = p.tenant_id and g.photo_id = p.photo_id
where p.tenant_id = %s::uuid and p.report_id = any(%s::uuid[])
order by p.field_id, p.position, o.created_at, o.id, p.id
"""
PICTURES = """
select p.report_id::text, p.photo_id::text, d.kind, d.recipe, d.sha256, d.width::text,
  d.height::text
from (select distinct tenant_id, report_id, photo_id from photo_placements
    where tenant_id = %s::uuid and report_id = any(%s::uuid[]) and removed_at is null) p
  join derivatives d on d.tenant_id = p.tenant_id and d.photo_id = p.photo_id
order by d.created_at, d.id
"""
SIGNATURES = f"""
select report_id::text, id::text, role_id, signer_name as signer, strokes, image_sha256,
  content_hash, withdrawn, taken_by::text, witness_id::text as witness,
  {instant("created_at")} as signed_at, {instants("client_at")}
from signatures where {_OF_REPORTS} order by created_at, id
"""

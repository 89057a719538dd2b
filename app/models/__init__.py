"""Every entity of Laudo, one file each. No Flask but `extensions`; no rules but the schema's."""

from app.models.account import (
    TENANT_ROLES,
    Account,
    AccountSession,
    Role,
    Superadmin,
    SuperadminSession,
)
from app.models.answer import Answer, SaveReceipt
from app.models.audit_entry import Actor, AuditEntry, PlatformAuditEntry
from app.models.checklist import Checklist, ChecklistStatus, Version
from app.models.document import Document, Snapshot
from app.models.photo import (
    Derivative,
    DerivativeKind,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    PhotoSource,
    PhotoVerdict,
)
from app.models.project import Equipment, Project, ProjectGrant
from app.models.report import FINISHED_STATUSES, OPEN_STATUSES, Report, ReportStatus
from app.models.signature import Signature
from app.models.tenant import Tenant, TenantStatus
from app.models.work import Work, WorkState

__all__ = [
    "FINISHED_STATUSES",
    "OPEN_STATUSES",
    "TENANT_ROLES",
    "Account",
    "AccountSession",
    "Actor",
    "Answer",
    "AuditEntry",
    "Checklist",
    "ChecklistStatus",
    "Derivative",
    "DerivativeKind",
    "Document",
    "Equipment",
    "Photo",
    "PhotoCheck",
    "PhotoPlacement",
    "PhotoReading",
    "PhotoSource",
    "PhotoVerdict",
    "PlatformAuditEntry",
    "Project",
    "ProjectGrant",
    "Report",
    "ReportStatus",
    "Role",
    "SaveReceipt",
    "Signature",
    "Snapshot",
    "Superadmin",
    "SuperadminSession",
    "Tenant",
    "TenantStatus",
    "Version",
    "Work",
    "WorkState",
]

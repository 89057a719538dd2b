"""Every entity of Laudo, one file each. No Flask but `extensions`; no rules but the schema's."""

from app.models.account import (
    MANAGERS,
    STAFF,
    TENANT_ROLES,
    Account,
    AccountSession,
    Role,
    Superadmin,
    SuperadminSession,
)
from app.models.answer import Answer, SaveReceipt
from app.models.audit_entry import Actor, AuditEntry, AuditHead, PlatformAuditEntry
from app.models.checklist import Checklist, ChecklistStatus, Version
from app.models.company import AnswerExport, AnswerFormat, BrandPreview, Export
from app.models.document import Document, Snapshot
from app.models.invitation import Invitation, PasswordReset
from app.models.mail import Mail, MailKind
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
from app.models.project import (
    DEFAULT_RADIUS_M,
    LEAST_RADIUS_M,
    MOST_RADIUS_M,
    Equipment,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
)
from app.models.report import FINISHED_STATUSES, OPEN_STATUSES, Report, ReportStatus
from app.models.second_factor import (
    Passkey,
    RecoveryCode,
    SuperadminPasskey,
    SuperadminRecoveryCode,
)
from app.models.signature import Signature
from app.models.support import SupportAccess, Tombstone
from app.models.sweep_hold import SweepHold
from app.models.tenant import Tenant, TenantStatus
from app.models.verification import Verification
from app.models.work import Work, WorkState

__all__ = [
    "DEFAULT_RADIUS_M",
    "FINISHED_STATUSES",
    "LEAST_RADIUS_M",
    "MANAGERS",
    "MOST_RADIUS_M",
    "OPEN_STATUSES",
    "STAFF",
    "TENANT_ROLES",
    "Account",
    "AccountSession",
    "Actor",
    "Answer",
    "AnswerExport",
    "AnswerFormat",
    "AuditEntry",
    "AuditHead",
    "BrandPreview",
    "Checklist",
    "ChecklistStatus",
    "Derivative",
    "DerivativeKind",
    "Document",
    "Equipment",
    "Export",
    "Invitation",
    "Mail",
    "MailKind",
    "Passkey",
    "PasswordReset",
    "Photo",
    "PhotoCheck",
    "PhotoPlacement",
    "PhotoReading",
    "PhotoSource",
    "PhotoVerdict",
    "PlatformAuditEntry",
    "Project",
    "ProjectChecklist",
    "ProjectGrant",
    "ProjectMember",
    "RecoveryCode",
    "Report",
    "ReportStatus",
    "Role",
    "SaveReceipt",
    "Signature",
    "Snapshot",
    "Superadmin",
    "SuperadminPasskey",
    "SuperadminRecoveryCode",
    "SuperadminSession",
    "SupportAccess",
    "SweepHold",
    "Tenant",
    "TenantStatus",
    "Tombstone",
    "Verification",
    "Version",
    "Work",
    "WorkState",
]

"""Every entity of Laudo, one file each. No Flask except `extensions`; no rules beyond the
schema."""

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
from app.models.anchor import Anchor, AnchorKind
from app.models.answer import Answer
from app.models.audit_entry import Actor, AuditEntry, AuditHead, PlatformAuditEntry
from app.models.bundle import Bundle
from app.models.checklist import (
    Checklist,
    ChecklistStatus,
    DraftEdit,
    EditState,
    Version,
    checklist_name,
)
from app.models.client_workbook import ClientWorkbook, VersionWorkbook, WorkbookShape
from app.models.company import AnswerExport, AnswerFormat, BrandPreview, Export
from app.models.document import Document, Snapshot
from app.models.invitation import Invitation, PasswordReset
from app.models.likeness import LikenessKind, PhotoComparison, PhotoFeatures, PhotoLikeness
from app.models.mail import Mail, MailKind
from app.models.operation import Choice, EditConflict, OperationVerdict, Receipt
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
    MAX_RADIUS_M,
    MIN_RADIUS_M,
    Equipment,
    Project,
    ProjectChecklist,
    ProjectGrant,
    ProjectMember,
)
from app.models.report import FINISHED_STATUSES, OPEN_STATUSES, Report, ReportStatus
from app.models.review import ANY_MANAGER, MAX_COMMENT, Review, ReviewComment, ReviewState
from app.models.seal import DocumentStamp, SealCertificate, SealKey
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
from app.models.upload import PhotoPart, PhotoUpload, UploadState
from app.models.verification import Verification
from app.models.witness import Witness
from app.models.work import OPEN_STATES, Work, WorkKind, WorkState, asking_request

__all__ = [
    "ANY_MANAGER",
    "DEFAULT_RADIUS_M",
    "FINISHED_STATUSES",
    "MANAGERS",
    "MAX_COMMENT",
    "MAX_RADIUS_M",
    "MIN_RADIUS_M",
    "OPEN_STATES",
    "OPEN_STATUSES",
    "STAFF",
    "TENANT_ROLES",
    "Account",
    "AccountSession",
    "Actor",
    "Anchor",
    "AnchorKind",
    "Answer",
    "AnswerExport",
    "AnswerFormat",
    "AuditEntry",
    "AuditHead",
    "BrandPreview",
    "Bundle",
    "Checklist",
    "ChecklistStatus",
    "Choice",
    "ClientWorkbook",
    "Derivative",
    "DerivativeKind",
    "Document",
    "DocumentStamp",
    "DraftEdit",
    "EditConflict",
    "EditState",
    "Equipment",
    "Export",
    "Invitation",
    "LikenessKind",
    "Mail",
    "MailKind",
    "OperationVerdict",
    "Passkey",
    "PasswordReset",
    "Photo",
    "PhotoCheck",
    "PhotoComparison",
    "PhotoFeatures",
    "PhotoLikeness",
    "PhotoPart",
    "PhotoPlacement",
    "PhotoReading",
    "PhotoSource",
    "PhotoUpload",
    "PhotoVerdict",
    "PlatformAuditEntry",
    "Project",
    "ProjectChecklist",
    "ProjectGrant",
    "ProjectMember",
    "Receipt",
    "RecoveryCode",
    "Report",
    "ReportStatus",
    "Review",
    "ReviewComment",
    "ReviewState",
    "Role",
    "SealCertificate",
    "SealKey",
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
    "UploadState",
    "Verification",
    "Version",
    "VersionWorkbook",
    "Witness",
    "Work",
    "WorkKind",
    "WorkState",
    "WorkbookShape",
    "asking_request",
    "checklist_name",
]

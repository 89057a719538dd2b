"""Every setting of Laudo: typed, documented, read once from the environment and `.env`.

The code that starts processes (gunicorn.conf.py, app/local, `flask up`) reads a few more variables;
the serving code reads nothing else. `Settings()` refuses a missing or unsafe value with an error
that names the variable.
"""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def psycopg2_url(url: str) -> str:
    """Add the driver's name: SQLAlchemy 2.1 reads a bare `postgresql://` as psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg2://" + url.removeprefix(prefix)
    return url


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


DatabaseUrl = Annotated[str, BeforeValidator(psycopg2_url)]
Port = Annotated[
    Annotated[int, Field(gt=0, le=65535)] | None, BeforeValidator(lambda value: value or None)
]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """docs/configuration.md lists the same names in capitals."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    secret_key: str = Field(min_length=32)
    base_url: str
    database_url: DatabaseUrl
    platform_database_url: DatabaseUrl
    redis_url: str
    storage_dir: Path = ROOT / "instance" / "storage"
    storage_s3_bucket: str = ""
    storage_s3_endpoint_url: str | None = None
    storage_s3_region: str | None = None
    storage_s3_key_id: str | None = None
    storage_s3_secret: str | None = None
    storage_s3_direct_downloads: bool = False
    anchor_dir: Path | None = None
    anchor_bucket: str = ""
    anchor_s3_endpoint_url: str | None = None
    anchor_s3_region: str | None = None
    anchor_s3_key_id: str | None = None
    anchor_s3_secret: str | None = None
    anchor_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    anchor_url_token: str = ""
    smtp_host: str = ""
    smtp_port: Port = None
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    mail_from: str = Field(default="", pattern=r"^[^\r\n]*$")
    mail_dir: Path = ROOT / "instance" / "mail"
    seal_socket: Path = ROOT / "instance" / "sealer.sock"
    tsa_url: str = Field(default="", pattern=r"^(|https?://.+)$")
    tsa_certificates: Path | None = None
    trusted_hosts: CommaList = ()
    cors_origins: CommaList = ()
    proxy_hops: int = Field(default=0, ge=0, le=5)
    max_upload_bytes: int = Field(default=30 * MIB, gt=0)
    max_picture_pixels: int = Field(default=250_000_000, gt=0)
    login_tries_per_minute: int = Field(default=5, gt=0)
    login_tries_per_day: int = Field(default=100, gt=0)
    checks_per_minute: int = Field(default=120, gt=0)
    job_lease_seconds: int = Field(default=60, ge=5)
    worker_niceness: int = Field(default=5, ge=0, le=19)
    # At least the minimum that the database function feed_due_work accepts.
    job_attempts: int = Field(default=5, ge=3)
    relay_seconds: float = Field(default=2.0, gt=0)
    log_level: str = "INFO"
    log_format: Literal["text", "json"] = "text"
    metrics_bind: str = Field(default="", pattern=r"^(|[\w.:\[\]-]*:\d{1,5})$")
    page_size: int = Field(default=25, ge=1, le=200)
    export_rows: int = Field(default=50_000, ge=1)
    testing: bool = False

    @field_validator("base_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("BASE_URL starts with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _can_send_mail(self) -> Self:
        if self.mail_from and "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("MAIL_FROM is an address, or a name and an address in <>")
        is_open = self.smtp_security == "none" and self.smtp_host not in LOOPBACK
        if self.smtp_user and is_open:
            raise ValueError("SMTP_SECURITY=none would send SMTP_PASSWORD in the open")
        return self

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


class MigrationSettings(BaseSettings):
    """The owner role's URL, read only by migrations/env.py, `flask up`, `flask restore` and
    `flask tenant erase`."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    migration_database_url: DatabaseUrl


class BackupSettings(BaseSettings):
    """The backup role's URL, read only by `flask backup` and `flask restore`."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    backup_database_url: DatabaseUrl


class SealSettings(BaseSettings):
    """Where the installation's key is, read only by the sealer process and `flask seal`."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    seal_dir: Path = ROOT / "instance" / "seal"
    seal_pkcs11_module: str = ""
    seal_pkcs11_token: str = ""
    seal_pkcs11_label: str = "seal"
    seal_pkcs11_pin_file: Path | None = None

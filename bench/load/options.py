"""The options of `make load`, from the environment; the locust process reads the same ones."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Options(BaseSettings):
    """USERS, MINUTES, WORKERS...; KNEE=1 searches for the limit, TRACE=1 shows where saves spend
    their time. Periods are in seconds."""

    model_config = SettingsConfigDict(extra="ignore")

    users: int = Field(default=100, ge=1)
    minutes: float = Field(default=10.0, gt=0)
    workers: int = Field(default=2, ge=1)
    ramp: float = Field(default=2.0, gt=0, description="log-ins a second at the start")
    burst: int = Field(default=50, ge=1, description="log-ins at once, amid the work")
    save_every: float = Field(default=5.0, gt=0)
    page_every: float = Field(default=20.0, gt=0)
    photo_every: float = Field(default=60.0, gt=0)
    submit_every: float = Field(default=300.0, gt=0)
    is_patient: bool = Field(default=False, description="repeat what got no answer, as phones do")
    sample_every: float = Field(default=10.0, gt=0)
    trace: bool = False
    knee: bool = False
    knee_step: int = Field(default=50, ge=1)
    knee_minutes: float = Field(default=2.0, gt=0)
    knee_most: int = Field(default=600, ge=1)
    photo_size: str = "4000x3000"
    album: Path = Path("instance/bench-photos")
    trace_file: Path = Path(__file__).with_name("trace.jsonl")
    results: Path = Path(__file__).with_name("results.json")


class Errand(BaseSettings):
    """Further settings of the locust process: the app's address, the people, the ledger's path."""

    model_config = SettingsConfigDict(env_prefix="LOAD_", extra="ignore")

    url: str
    first_person: int = 0
    checklist_id: str
    project_id: str
    ledger: Path
    fields: str
    photo_field: str
    password: str

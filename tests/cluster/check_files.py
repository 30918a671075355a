"""The deployment files by themselves: what systemd thinks of the units, and the shape of the compose file."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError

from flinkey_admin.checks import HINTS
from tests import postgres
from tests.browser.standing import ROOT, eventually, free_port
from tests.cluster.servers import AROUND, certificate, listens

DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs" / "install.md"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))
WORDS = {"web", "workers", "migrate", "backup"}  # of flinkey-admin
EXPOSED = 1.5  # of 10, as systemd counts


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the units in it, and what they start."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(DEPLOY / "systemd", root / "etc/systemd/system")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    for program in ("opt/flinkey-admin/bin/flinkey-admin", "bin/mkdir", "usr/bin/find"):
        path = root / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return root


def analyze(root: Path, *arguments: str) -> str:
    program = shutil.which("systemd-analyze")
    assert program, "This test needs systemd-analyze. Install it (Debian: apt install systemd)."
    done = subprocess.run(
        [program, *arguments, f"--root={root}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("unit", [*UNITS, "flinkey-admin-backup.timer"])
def test_systemd_finds_no_fault(machine: Path, unit: str) -> None:
    assert analyze(machine, "verify", unit) == ""


@pytest.mark.parametrize("unit", UNITS)
def test_each_service_is_shut_off(machine: Path, unit: str) -> None:
    said = analyze(machine, "security", "--offline=true", unit)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert level, said
    assert float(level[1]) <= EXPOSED


def test_each_service_starts_what_there_is() -> None:
    words = {
        word
        for unit in UNITS
        for word in re.findall(r"bin/flinkey-admin (\w+)", (DEPLOY / "systemd" / unit).read_text(encoding="utf-8"))
    }
    assert words == WORDS


def test_systemd_takes_the_example_with_sealed_secrets(machine: Path) -> None:
    folder = machine / "etc/systemd/system/flinkey-admin-.service.d"
    text = (folder / "credentials.conf.example").read_text(encoding="utf-8")
    named = re.findall(r"^Environment=(\w+)_FILE=%d/(\w+)$", text, re.MULTILINE)
    assert len(named) == 3
    assert {name for pair in named for name in pair} <= set(HINTS)
    assert {credential for _name, credential in named} == set(
        re.findall(r"^LoadCredentialEncrypted=(\w+):", text, re.M)
    )
    (folder / "credentials.conf").write_text(text, encoding="utf-8")
    try:
        assert [analyze(machine, "verify", unit) for unit in UNITS] == [""] * len(UNITS)
    finally:
        (folder / "credentials.conf").unlink()


def block(kind: str) -> str:
    """The one block of this kind in docs/install.md."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


def test_systemd_takes_the_unit_of_the_page(machine: Path) -> None:
    (machine / "etc/systemd/system/flinkey-admin.service").write_text(block("ini"), encoding="utf-8")
    assert analyze(machine, "verify", "flinkey-admin.service") == ""


@pytest.mark.parametrize(("works", "left"), [("true", ["new"]), ("false", ["new", "old"])])
def test_the_cron_of_the_page_deletes_no_copy_where_none_is_made(tmp_path: Path, works: str, left: list[str]) -> None:
    """Nights on which nothing can be copied must not use up the copies there are."""
    lines = re.findall(r"^[\d*]+ [\d*]+ \S+ \S+ \S+ flinkey-admin (.+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert "-delete" in "".join(lines)
    (tmp_path / "new").touch()
    (tmp_path / "old").touch()
    os.utime(tmp_path / "old", (0, 0))
    for line in lines:
        here = line.replace("/var/backups/flinkey-admin", str(tmp_path))
        subprocess.run(["sh", "-c", here.replace("/usr/local/bin/flinkey-admin", works)], check=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_nginx_takes_what_the_page_says(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    text = block("nginx").replace("/etc/ssl/fleet.example.com.pem", str(cert))
    text = text.replace("/etc/ssl/private/fleet.example.com.key", str(key))
    text = text.replace("listen 80;", f"listen {free_port()};").replace("listen 443 ", f"listen {free_port()} ")
    (tmp_path / "flinkey-admin.conf").write_text(text, encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(AROUND.format(folder=tmp_path), encoding="utf-8")
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "This test needs nginx. Install it (Debian: apt install nginx-light)."
    command = [program, "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (tried.returncode, re.findall(r"\[(?:warn|emerg)\].*", tried.stderr)) == (0, [])


def test_the_secrets_of_the_containers_are_settings_of_theirs() -> None:
    whole, added = (
        yaml.safe_load((DEPLOY / "docker" / name).read_text(encoding="utf-8"))
        for name in ("compose.yaml", "secrets.yaml")
    )
    assert set(added["services"]) == set(whole["services"])
    for one in added["services"].values():
        assert set(one["secrets"]) <= set(added["secrets"])
    for name, file in added["x-app"]["environment"].items():
        assert (name.removesuffix("_FILE") in HINTS, file.removeprefix("/run/secrets/")) == (
            True,
            name.removesuffix("_FILE").lower(),
        )


def test_no_role_is_made_without_a_password() -> None:
    """As Docker's PostgreSQL runs the file, with neither the variable nor the secret; then with a word."""
    folder = Path("/tmp") / f"pg-{os.getpid()}-role"
    try:
        with postgres.postgres(folder) as url:
            asks = ["psql", "-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "-f", "-", url]
            said = []
            for word in ("", "it's a \\ word"):
                env = {"PATH": os.environ["PATH"], "DATABASE_PASSWORD": word}
                with (DEPLOY / "docker" / "role.sql").open(encoding="utf-8") as file:
                    done = subprocess.run(asks, stdin=file, env=env, capture_output=True, text=True, check=False)
                with psycopg.connect(url) as server:
                    roles = server.execute("SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'flinkey'")
                    said.append((done.returncode, "DATABASE_PASSWORD is missing" in done.stderr, roles.fetchall()))
        assert said == [(3, True, []), (0, False, [(True,)])]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_containers_may_do_little() -> None:
    whole: dict[str, Any] = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    ours = {name: one for name, one in whole["services"].items() if one["image"] == "flinkey-admin"}
    assert set(ours) == {"migrate", "web", "workers"}
    for one in ours.values():
        assert (one["read_only"], one["cap_drop"], one["tmpfs"]) == (True, ["ALL"], ["/tmp"])
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert one["command"][0] == "flinkey-admin"
        assert one["command"][1] in WORDS
    assert {one.get("profiles", [None])[0] for name, one in whole["services"].items() if name not in ours} == {
        "postgres"
    }
    for one in whole["services"].values():
        for needed, how in one.get("depends_on", {}).items():
            assert needed in whole["services"]
            assert how.get("required", True) or whole["services"][needed]["profiles"]
    recipe = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001$", recipe, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n  CMD \[.*/health/live/", recipe, re.MULTILINE)


def test_the_cache_of_the_containers_asks_for_a_password(tmp_path: Path) -> None:
    """Its own command, with Debian's redis-server under the name of valkey-server."""
    whole: dict[str, Any] = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    (*shell, command), port = whole["services"]["valkey"]["command"], free_port()
    command = command.replace("$$", "$").replace("/data/", f"{tmp_path}/")
    command = command.replace("docker-entrypoint.sh valkey-server", "redis-server").replace(
        "--save", f"--port {port} --save"
    )
    without = subprocess.run(
        [*shell, command], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert (without.returncode != 0, listens(port)) == (True, False)
    env = {"PATH": os.environ["PATH"], "VALKEY_PASSWORD": "a-word"}
    with subprocess.Popen([*shell, command], env=env, cwd=tmp_path, stdout=subprocess.DEVNULL) as server:
        try:
            eventually(lambda: server.poll() is not None or listens(port))
            with pytest.raises(AuthenticationError):
                Redis(port=port).ping()
            assert Redis(port=port, password="a-word").ping()
        finally:
            server.terminate()

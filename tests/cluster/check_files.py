"""The deployment files by themselves: what systemd thinks of the units, and the shape of the compose file."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.standing import ROOT

DEPLOY = ROOT / "deploy"
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

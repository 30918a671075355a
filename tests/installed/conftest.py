"""The wheel, and a fresh environment with it in: made once for all files here."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.project.source import ROOT

# What pip needs to find what is kept on this machine. A PYTHONPATH to the clone would have it find the clone installed.
KEPT = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith(("PIP_", "SSL_"))}


def settings(flinkey: int, var: Path) -> dict[str, str]:
    """What an administrator sets. flinkey: the port of the sandbox."""
    return {
        "FLINKEY_API_URL": f"http://127.0.0.1:{flinkey}/v3",
        "FLINKEY_API_KEY": "sandbox-key",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "fleet.example.com",
        "TRUSTED_PROXIES": "1",
        "VAR_DIR": str(var),
    }


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `make wheel` has built, else one made here."""
    if built := os.environ.get("WHEEL"):
        return Path(built).resolve()
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(pip, env=KEPT, check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console command of a fresh environment with what requirements.txt names by its hashes, and the wheel."""
    folder = tmp_path_factory.mktemp("venv")
    folder.chmod(0o755)
    subprocess.run([_python(), "-m", "venv", str(folder)], env=KEPT, check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements.txt"], env=KEPT, cwd=ROOT, check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], env=KEPT, cwd=ROOT, check=True)
    return folder / "bin" / "flinkey-admin"


def _python() -> str:
    """A Python that every user of this machine may run; ours may stand in the folder of one of them."""
    real = Path(sys.executable).resolve()
    return sys.executable if all(one.stat().st_mode & 0o1 for one in real.parents) else "/usr/bin/python3"

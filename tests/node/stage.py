"""An installation in a folder of its own, whose commands and processes are real ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flinkey_admin.sandbox import API_KEY
from tests.project.source import ROOT

KEPT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


class Installation:
    """One folder with its database. more: further variables of its environment."""

    def __init__(self, folder: Path, upstream: str, **more: str) -> None:
        self.folder = folder
        self.env = {
            **KEPT,
            "DJANGO_SETTINGS_MODULE": "flinkey_admin.settings",
            "PYTHONPATH": str(ROOT),
            "DEBUG": "true",
            "VAR_DIR": str(folder),
            "FLINKEY_API_URL": upstream,
            "FLINKEY_API_KEY": API_KEY,
            **more,
        }

    @property
    def database(self) -> Path:
        return self.folder / "flinkey-admin.sqlite3"

    def run(self, *command: str, code: int = 0) -> str:
        """Runs `manage.py …`; what it says. It must end with this code."""
        return self.python("manage.py", *command, code=code)

    def python(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A worker of changes meanwhile; it dies by SIGKILL."""
        options = ["--interval", "0.2", "--no-startup-delay", "--no-reload"]
        self.folder.mkdir(exist_ok=True)
        with (
            (self.folder / "worker.log").open("ab") as out,
            subprocess.Popen(
                [sys.executable, "manage.py", "work", *options], cwd=ROOT, env=self.env, stdout=out, stderr=out
            ) as running,
        ):
            try:
                yield running
            finally:
                running.kill()

"""A PostgreSQL of one's own: Debian's package, started by the test in a folder and on a port of its own."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")


def _run(folder: Path, program: str, *arguments: str) -> None:
    """One of its programs on the database in this folder. Raises AssertionError where the package is not installed."""
    versions = sorted(INSTALLED.glob("*/bin"))
    assert versions, "This test needs PostgreSQL. Install it (Debian: apt install postgresql) and run it again."
    command = [str(versions[-1] / program), "-D", str(folder / "data"), *arguments]
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)


def stop(folder: Path, *, how: str = "immediate") -> None:
    """Ends it; `immediate` is as if the power had failed, `fast` throws everybody out in order."""
    _run(folder, "pg_ctl", "stop", "--wait", "--silent", "-m", how)


def start(folder: Path, port: int) -> None:
    """Starts it (again)."""
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    _run(folder, "pg_ctl", "start", "--wait", "--silent", "-l", str(folder / "log"), "-o", options)


@contextmanager
def postgres(folder: Path, port: int = 0) -> Iterator[str]:
    """The DATABASE_URL of an empty database. Raises AssertionError where the package is not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    _run(folder, "initdb", "--auth=trust", "--username=fleet", "--encoding=UTF8", "--no-sync")
    start(folder, port)
    try:
        yield f"postgres://fleet@127.0.0.1:{port}/postgres"
    finally:
        stop(folder)

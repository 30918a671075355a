"""A PostgreSQL of one's own: Debian's package, started by the test in a folder and on a port of its own."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The DATABASE_URL of an empty database. Raises AssertionError where the package is not installed."""
    versions = sorted(INSTALLED.glob("*/bin"))
    assert versions, "This test needs PostgreSQL. Install it (Debian: apt install postgresql) and run it again."
    programs, data = versions[-1], folder / "data"
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run("initdb", "--auth=trust", "--username=fleet", "--encoding=UTF8", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "start", "--wait", "--silent", "-l", str(folder / "log"), "-o", options)
    try:
        yield f"postgres://fleet@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "--silent", "-m", "immediate")

"""PostgreSQL: copied by pg_dump, put back by pg_restore and psql in one transaction."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from flinkey_admin.node.copies.archive import LEFT_OUT, Refused


def copy_out(to: Path) -> None:
    """Copies the database as it is at this moment; pg_dump sees one snapshot and blocks nobody."""
    without = [f"--exclude-table-data={table}" for table in LEFT_OUT]
    _run("pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges", *without, f"--file={to}")


def exists() -> bool:
    """Whether there is a database: else there is no connection either."""
    return True


def others() -> int:
    """How many other connections to this database there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def put_in(data: Path, stamp: str, keep_in: Path, changes: Sequence[str]) -> Path | None:
    """Puts a copy in the place of our tables and makes these changes in SQL, in one transaction.

    Returns where the old ones are, if there were any.
    """
    tables, aside = connection.introspection.table_names(), None
    connection.close()
    if tables:
        keep_in.mkdir(parents=True, exist_ok=True)
        aside = keep_in / f"before-restore-{stamp}.dump"
        aside.touch(mode=0o600)
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={aside}")
    script = data.with_suffix(".sql")
    script.touch(mode=0o600)
    _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(data), bare=True)
    named = ", ".join(connection.ops.quote_name(table) for table in tables)
    first = ["--command", f"DROP TABLE {named} CASCADE"] if tables else []
    quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction")
    # The script of pg_restore leaves the session without a schema to look in.
    then = [f"--command={change}" for change in ("RESET search_path", *changes)]
    _run("psql", *quiet, *first, f"--file={script}", *then)
    return aside


def asides(kept_in: Path) -> list[Path]:
    """The databases of before a restore."""
    return list(kept_in.glob("before-restore-*.dump"))


def _run(program: str, *arguments: str, bare: bool = False) -> None:
    """Runs one of PostgreSQL's programs on our database, or on files alone; the password goes by the environment."""
    if shutil.which(program) is None:
        raise Refused(
            f"This needs {program} of PostgreSQL. Install its programs (Debian: apt install postgresql-client), "
            "of the server's version or a later one."
        )
    (_psql, *target), given = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    env = {**os.environ, **{name: value for name, value in (given or {}).items() if value}, "LC_ALL": "C"}
    command = [program, *([] if bare else target), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Refused(f"{program} did not do it: {done.stderr.strip()[-500:]}")

"""SQLite: copied and put back by its own online backup, which takes one moment's state and disturbs nobody."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from glob import escape
from pathlib import Path
from typing import Any

from django.db import connection

from flinkey_admin.node.copies.archive import LEFT_OUT, Refused

DAMAGED = "The database is damaged, so this would be no backup: %s. See docs/trouble.md."
PATIENCE = 20.0  # seconds to wait for a writer


def copy_out(to: Path) -> None:
    """Copies the database as it is at this moment into a file of its own."""
    if not _path().exists():
        raise Refused(f"There is no database yet at {_path()}.")
    try:
        _copy(to)
    except UnicodeDecodeError:  # Python's sqlite3 could not read SQLite's own word for the damage, which quotes it
        raise Refused(DAMAGED % "its text is no text") from None


def _copy(to: Path) -> None:
    with closing(_open(_path())) as live, closing(_open(to)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("PRAGMA secure_delete=ON")
        for table in LEFT_OUT:
            copy.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of ours
        copy.commit()
        copy.execute("VACUUM")
        check(copy)


def check(copy: sqlite3.Connection) -> None:
    """Raises Refused when a database is not whole."""
    said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise Refused(DAMAGED % said)


def exists() -> bool:
    """Whether there is a database; asking it anything would make one."""
    return _path().exists()


def others() -> int:
    """Whether any other process has the database open: with one reader alone, WAL cannot be left."""
    connection.close()
    if not _path().exists():
        return 0
    with closing(_open(_path(), patience=0.5)) as live:
        try:
            live.execute("PRAGMA journal_mode=DELETE")
            live.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as fault:
            return int("locked" in str(fault))
        except sqlite3.DatabaseError:
            return 0  # damaged, and that may be why it is replaced
    return 0


def put_in(data: Path, stamp: str, _keep_in: Path, changes: Sequence[str]) -> Path | None:
    """Puts a copy, after these changes in SQL, in the place of the database, in one transaction.

    Returns where the old one is, if there was one.
    """
    path, aside = _path(), None
    connection.close()
    if path.exists():
        aside = path.with_name(f"{path.stem}.before-restore-{stamp}{path.suffix}")
        try:
            with closing(_open(path)) as live, closing(_open(aside)) as kept:
                live.backup(kept)
        except sqlite3.DatabaseError as fault:
            if "locked" in str(fault) or "full" in str(fault):
                raise
            _set_aside(path, aside)  # it is none any more: its files are kept as they are
        aside.chmod(0o600)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(_open(data)) as copy, closing(_open(path)) as live:
        check(copy)
        for change in changes:
            copy.execute(change)
        copy.commit()
        copy.backup(live)
        live.execute("PRAGMA journal_mode=WAL")
    return aside


def asides(_kept_in: Path) -> list[Path]:
    """The databases of before a restore, and what lies beside them."""
    path = _path()
    return list(path.parent.glob(f"{escape(path.stem)}.before-restore-*{escape(path.suffix)}*"))


def _set_aside(path: Path, aside: Path) -> None:
    for more in ("", "-wal", "-shm"):
        if (file := Path(f"{path}{more}")).exists():
            file.replace(f"{aside}{more}")


def _path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _open(path: Path, patience: float = PATIENCE) -> Any:
    return sqlite3.connect(path, timeout=patience)

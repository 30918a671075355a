"""Takes a copy and puts one back."""

import datetime as dt
import os
import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from flinkey_admin.node import pulse
from flinkey_admin.node.copies import archive, postgres, sqlite
from flinkey_admin.node.copies.archive import Manifest, Refused
from flinkey_admin.operations import journal

ENGINES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgres}
STAMP = "%Y%m%d-%H%M%S"
KEPT = dt.timedelta(days=30)  # for so long the database of before a restore is kept
LAST = "last-backup"  # in VAR_DIR: a copy of the database would say that it is its own backup
STAMPED = re.compile(r"before-restore-(\d{8}-\d{6})")


@dataclass(frozen=True)
class Restored:
    """What was put back. aside: where the old database is. under_way: the changes that were in the middle."""

    manifest: Manifest
    aside: Path | None
    under_way: int


def backup(path: Path) -> tuple[Path, Manifest]:
    """Copies the whole database into one file, while everybody works on. A folder gets a file named by the time.

    The file is there only once it is whole. Raises Refused, in words.
    """
    if path.is_dir():
        path = path / f"flinkey-admin-{timezone.localtime():{STAMP}}.zip"
    if path.exists():
        raise Refused(f"There is a file {path} already. It stays as it is: name another one, or a folder.")
    made_at = timezone.now().isoformat(timespec="seconds")
    try:
        with TemporaryDirectory(prefix=".backup-", dir=path.parent) as folder:
            data, packed = Path(folder) / archive.DATA, Path(folder) / "packed"
            applied = _applied()
            _engine().copy_out(data)
            manifest = Manifest(archive.our_version(), connection.vendor, made_at, applied, archive.digest(data))
            archive.pack(manifest, data, packed)
            _to_disk(packed)
            packed.replace(path)
            _note()
    except (OSError, sqlite3.Error, DatabaseError) as fault:
        raise Refused(f"No backup was made: {fault}.") from None
    return path, manifest


def _note() -> None:
    """Leaves a file whose time tells `last_made` of it. A backup is one without it, too."""
    with suppress(OSError):
        mark = settings.VAR_DIR / LAST
        mark.unlink(missing_ok=True)  # it may be another user's
        mark.touch()


def last_made() -> dt.datetime | None:
    """When a backup was last made on this machine, if it is known."""
    try:
        return dt.datetime.fromtimestamp((settings.VAR_DIR / LAST).stat().st_mtime, dt.UTC)
    except OSError:
        return None


def restore(path: Path, *, force: bool = False) -> Restored:
    """Puts a copy in the place of the database, brings it up to this version, and keeps the old one aside.

    force: although other processes have the database open. Raises Refused, in words; then nothing has changed, or the
    copy is in its place and only has to be brought up to this version.
    """
    manifest = archive.read(path)
    _check(manifest, path)
    try:
        if not force and _at_work():
            raise Refused(
                "Other processes work on this database: stop the web server and the workers first. "
                "With --force it is replaced under them; start them anew at once then."
            )
        with TemporaryDirectory(prefix=".restore-", dir=_room()) as folder:
            data = Path(folder) / archive.DATA
            archive.unpack(path, manifest, data)
            stamp = f"{timezone.localtime():{STAMP}}"
            aside = _engine().put_in(data, stamp, settings.VAR_DIR, journal.as_restored())
    except (OSError, sqlite3.Error, DatabaseError) as fault:
        raise Refused(f"Nothing was restored, the database is as it was: {fault}.") from None
    try:
        call_command("migrate", verbosity=0)
    except DatabaseError as fault:
        raise Refused(
            f"Restored, but not brought up to this version: {fault}. Mend that and run flinkey-admin migrate, "
            f"before anything is started. The database before it: {aside or 'there was none'}."
        ) from None
    return Restored(manifest, aside, journal.under_way())


def asides(before: dt.datetime | None = None) -> list[Path]:
    """The files with what the database was before a restore; before: only those that were put aside earlier."""
    found = [(path, STAMPED.search(path.name)) for path in sorted(_engine().asides(settings.VAR_DIR))]
    return [path for path, stamp in found if stamp and (before is None or _made(stamp[1]) < before)]


def _made(stamp: str) -> dt.datetime:
    return timezone.make_aware(dt.datetime.strptime(stamp, STAMP))  # noqa: DTZ007 - it gets its zone here


def _at_work() -> bool:
    """Whether anybody else works on the database. Between two looks a worker on SQLite does not have it open."""
    if _engine().others():
        return True
    try:
        return _engine().exists() and bool(pulse.running())
    except DatabaseError:
        return False  # damaged or empty, and that may be why it is replaced


def _check(manifest: Manifest, path: Path) -> None:
    """Whether this version and this database can take it."""
    if manifest.engine != connection.vendor:
        raise Refused(f"{path} is of {manifest.engine}, and DATABASE_URL names {connection.vendor}.")
    known = MigrationLoader(None).disk_migrations or {}
    newer = [
        f"{app} {name}" for app, names in manifest.migrations.items() for name in names if (app, name) not in known
    ]
    if newer or _number(manifest.version) > _number(archive.our_version()):
        raise Refused(
            f"{path} was made by flinkey admin {manifest.version}, which is newer than this one "
            f"({archive.our_version()}). Install that version or a later one first."
        )


def _number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _applied() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationLoader(connection).applied_migrations):
        found.setdefault(app, []).append(name)
    return found


def _engine() -> ModuleType:
    return ENGINES[connection.vendor]


def _room() -> Path:
    """Where a copy is unpacked: beside the database, which has room for it or cannot take it."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    return Path(settings.VAR_DIR)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

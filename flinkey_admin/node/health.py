"""Whether this node can do its work: a sentence for the reason why not. Nothing here depends on flinkey."""

import shutil
from functools import cache
from pathlib import Path

from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

ENOUGH = 16 * 1024 * 1024  # bytes on the disk of SQLite; with less, the next change may not fit

NO_DATABASE = "The database does not answer."
BUSY = "The database is busy: for a while nobody else could write."
READ_ONLY = "The database can be read, but not written."
FULL = "The disk of the database is full: {left} MB are left."
OLD = "The database is not up to date: run migrate."
WORDS = {"locked": BUSY, "read-only": READ_ONLY, "readonly": READ_ONLY, "disk is full": FULL.format(left=0)}


def trouble() -> str:
    """Why this node is not ready, in one sentence; empty when it is."""
    try:
        return _disk() or _migrations() or _write()
    except DatabaseError as fault:
        return next((words for part, words in WORDS.items() if part in str(fault)), NO_DATABASE)


def _disk() -> str:
    if connection.vendor != "sqlite":
        return ""
    try:
        left = shutil.disk_usage(Path(str(connection.settings_dict["NAME"])).parent).free
    except OSError:
        return NO_DATABASE
    return FULL.format(left=left // 1_000_000) if left < ENOUGH else ""


def _migrations() -> str:
    applied = MigrationRecorder(connection).applied_migrations()
    return OLD if _known() - set(applied) else ""


@cache
def _known() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations or {})


def _write() -> str:
    """Writes as far as can be without changing anything: a probe every second costs no disk."""
    with transaction.atomic():
        MigrationRecorder(connection).migration_qs.filter(pk__lt=0).delete()
        transaction.set_rollback(True)
    return ""

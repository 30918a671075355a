"""`make pg`: the tests of pages, copy, changes and upkeep on PostgreSQL: `python -m tests.on_postgres`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.postgres import postgres

FOLDERS = ("accounts", "assignments", "fleet", "mirror", "node", "operations", "web")
TESTS = [
    *(f"tests/{name}" for name in FOLDERS),
    *(f"tests/security/test_{name}.py" for name in ("forged_webhooks", "hostile_values")),
]
# They look into the file of SQLite, put another one in its place, or hand it to processes that are killed. On
# PostgreSQL tests/operations/test_two_workers.py kills, tests/node/test_restore_mid_move.py makes and puts back a
# backup, both on a server of their own (`make kill`, `make alive`), and tests/cluster upgrades (`make cluster`).
HEALTH = (
    "database_that_is_none",
    "database_that_has_never_been_made",
    "folder_that_has_gone",
    "writer_that_does_not_end",
)
UPGRADE = (
    "its_pages_and_receipts_are_read",
    "a_change_of_before_can_be_undone_after",
    "the_old_version_writes_and_reads_what_it_did",
)
BESIDE = [
    *(f"--ignore=tests/operations/test_{name}.py" for name in ("kill", "kill_pairs", "machine")),
    *(f"--ignore=tests/node/test_{name}.py" for name in ("backup", "no_room", "restore_mid_move")),
    *(f"--deselect=tests/node/test_health.py::test_a_{name}" for name in HEALTH),
    *(f"--deselect=tests/node/test_upgrade.py::test_{name}" for name in UPGRADE),
    "--deselect=tests/fleet/test_restore_group.py::test_kill_9",
    "--deselect=tests/accounts/test_token.py::test_neither_token_nor_password_is_in_the_database",
    "--deselect=tests/mirror/test_holds.py::test_a_word_is_looked_for_in_words_that_the_database_knows[sqlite]",
]


def main(options: list[str]) -> int:
    """options: for pytest; with files among them, these are run."""
    files = [] if any("tests/" in one for one in options) else TESTS
    with tempfile.TemporaryDirectory(prefix="flinkey-admin-postgres-") as folder:
        Path(folder).chmod(0o755)  # the server is another user
        with postgres(Path(folder) / "server") as url:
            command = [sys.executable, "-m", "pytest", *BESIDE, *options, *files]
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

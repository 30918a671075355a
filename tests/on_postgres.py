"""`make pg`: the tests of pages, copy and changes with PostgreSQL for the database: `python -m tests.on_postgres`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.postgres import postgres

TESTS = [f"tests/{name}" for name in ("accounts", "assignments", "fleet", "mirror", "operations")]
# They look into the file of SQLite, copy it, or hand it to processes that are killed.
BESIDE = [
    *(f"--ignore=tests/operations/test_{name}.py" for name in ("kill", "kill_pairs", "machine")),
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

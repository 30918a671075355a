"""Makes `old.sql`: the database of an earlier version with what its own pages have put into it, as SQL.

Run in a checkout of that version: `git worktree add /tmp/old COMMIT`, copy this file there, then
`cd /tmp/old && python old_database.py > old.sql`. The one that is kept here is of commit 98c8a18.
"""

import os
import sqlite3
import sys
import tempfile
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path.cwd()))
    folder = tempfile.mkdtemp()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="flinkey_admin.settings",
        DEBUG="true",
        VAR_DIR=folder,
        FLINKEY_API_KEY="sandbox-key",
        FLINKEY_API_URL="http://127.0.0.1:9/v3",
        FLINKEY_WEBHOOK_SECRET="s",
    )
    import django

    from flinkey_admin.sandbox import Remote, Sandbox

    sandbox = Sandbox(scenario="yard", port=0)
    sandbox.start()
    os.environ["FLINKEY_API_URL"] = sandbox.url
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    person, remote = Client(headers={"host": "127.0.0.1"}), Remote(sandbox.url)
    remote.settings(delay=0)
    person.post("/sign-in/", {"username": "coordinator@nordwind.example", "password": "flinkey-demo"})
    for path in ("/groups/1/", "/cars/1/", "/cars/2/", "/users/1/", "/services/", "/products/"):
        person.get(path)
    for car in ("1", "2"):
        answer = person.post("/groups/1/cars/move/", {"id": [car], "to": "2"})
        answer = person.post(f"{answer.headers['Location']}run/" if answer.status_code == 302 else "/operations/1/run/")
        if car == "1":
            continue
    person.post("/groups/new/", {"name": "Altona"})
    person.post("/assignments/1/delete/")
    person.post("/handover/", {"text": "The van is at the garage."})
    person.post("/webhooks/flinkey/assignments/", "{}", content_type="application/json", headers={"secret": "s"})
    with sqlite3.connect(Path(folder) / "flinkey-admin.sqlite3") as old:
        old.execute("DELETE FROM django_session")
        old.execute("DELETE FROM accounts_signin")
        old.commit()
        print("\n".join(old.iterdump()))  # noqa: T201 - this is its product
    os._exit(0)


if __name__ == "__main__":
    main()

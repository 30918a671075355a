"""Puts a copy that `backup` has made in the place of the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flinkey_admin.node import copies


class Command(BaseCommand):
    """`python manage.py restore FILE`."""

    help = "Put a backup in the place of the database; the old one is kept aside"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="What backup has written")
        parser.add_argument("--force", action="store_true", help="Although other processes work on the database")

    def handle(self, *, file: Path, force: bool, **_options: Any) -> None:
        try:
            done = copies.restore(file, force=force)
        except copies.Refused as why:
            raise CommandError(str(why)) from None
        was = "There was no database before."
        if done.aside:
            was = f"The database before it is kept at {done.aside} for {copies.KEPT.days} days."
        self.stdout.write(
            f"Restored: all data of {done.manifest.made_at}. {was}\n"
            f"Changes that were under way then: {done.under_way}. What may have been done since is looked into again; "
            "they go on once a manager of theirs signs in, as everybody has to now.\n"
            "Start the web server and the workers. Whoever was erased after that backup is back: see docs/operate.md."
        )

"""Copies the whole database into one file, while everybody works on."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flinkey_admin.node import copies


class Command(BaseCommand):
    """`python manage.py backup FILE`."""

    help = "Copy the whole database into one file, while everybody works on"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="A new file, or a folder, which gets one named by the time")

    def handle(self, *, file: Path, **_options: Any) -> None:
        try:
            path, manifest = copies.backup(file)
        except copies.Refused as why:
            raise CommandError(str(why)) from None
        self.stdout.write(
            f"{path}: all data of {manifest.made_at}, {path.stat().st_size / 1e6:.1f} MB, flinkey admin "
            f"{manifest.version} on {manifest.engine}.\n"
            "It holds the names and addresses of people, so keep it like the database. Not in it: SECRET_KEY and "
            "TOKEN_KEYS (keep them elsewhere), and who is signed in: after a restore everybody signs in again."
        )

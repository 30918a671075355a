"""Looks at everything that this installation needs. The console command calls it `check`, which is Django's here."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from flinkey_admin.node.checkup import configured, here, outside
from flinkey_admin.node.checkup.lines import BAD, Line, summary


class Command(BaseCommand):
    """`flinkey-admin check`: exit code 1 as soon as something is to be mended, else 0."""

    help = (
        "Look whether all is well: flinkey, clock, database, workers, webhooks, backups, certificates, disk, settings"
    )
    requires_system_checks = []  # they are a part of what is told
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="the dashboard's address as people type it: looked at as well")

    def handle(self, *, url: str, **_options: Any) -> None:
        own = f"{url.rstrip('/')}/" if url else ""
        with translation.override(settings.LANGUAGE_CODE):
            found = [*outside.lines(own), *here.lines(), *configured.lines()]
            for line in found:
                self._tell(line)
            self.stdout.write(f"\n{summary(found)}")
        if any(line.state == BAD for line in found):
            sys.exit(1)

    def _tell(self, line: Line) -> None:
        self.stdout.write(f"{line.word:>14}  {line.title}: {line.text}")
        if line.detail:
            self.stdout.write(f"{'':>16}({line.detail})")
        if line.todo:
            self.stdout.write(f"{'':>16}-> {line.todo}")

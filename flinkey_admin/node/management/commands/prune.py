"""Throws away what was kept long enough. The worker does the same every night by itself."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from flinkey_admin.node import retention


class Command(BaseCommand):
    """`python manage.py prune`: deletes what is older than RETENTION_DAYS, and what has run out."""

    help = "Delete the history of changes that is older than RETENTION_DAYS, and all that has run out"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Delete nothing, only say how much it would be")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        history, others = retention.prune(dry_run=dry_run)
        word = "Would delete" if dry_run else "Deleted"
        self.stdout.write(
            f"{word} {history.operations} changes with {history.steps} steps, "
            f"{history.outside} changes made elsewhere and {history.webhooks} webhooks, all older than "
            f"{settings.RETENTION_DAYS} days."
        )
        if any(others.values()):
            listed = ", ".join(f"{count} {what}" for what, count in others.items() if count)
            self.stdout.write(f"{word} what has run out: {listed}.")

"""Throws away history that was kept long enough. To be run every night."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from flinkey_admin.operations import services

TASK_DAYS = 14  # the worker's own notes tell nobody anything after that


class Command(BaseCommand):
    """`python manage.py prune`: deletes what is older than RETENTION_DAYS."""

    help = "Delete the history of changes that is older than RETENTION_DAYS, and the worker's notes"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Delete nothing, only say how much it would be")

    def handle(self, *, dry_run: bool, verbosity: int, **_options: Any) -> None:
        before = timezone.now() - dt.timedelta(days=settings.RETENTION_DAYS)
        found = services.prune(before, dry_run=dry_run)
        self.stdout.write(
            f"{'Would delete' if dry_run else 'Deleted'} {found.operations} changes with {found.steps} steps, "
            f"{found.outside} changes made elsewhere and {found.webhooks} webhooks, all older than "
            f"{settings.RETENTION_DAYS} days."
        )
        command, queues = "prune_db_task_results", "*"
        call_command(command, queue_name=queues, min_age_days=TASK_DAYS, dry_run=dry_run, verbosity=verbosity)

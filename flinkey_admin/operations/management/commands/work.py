"""The worker that runs changes: django-tasks' own, and beside it a look at what has stopped and may go on."""

import gc
from typing import Any

from django_tasks_db.management.commands import db_worker

from flinkey_admin.operations import upkeep


class Command(db_worker.Command):
    """`python manage.py work`: takes the options of db_worker."""

    help = "Run changes, and take up whatever has stopped"

    def handle(self, **options: Any) -> None:
        gc.freeze()  # as wsgi.py does
        upkeep.start_watching()
        super().handle(**{**options, "queue_name": "runs"})

"""The worker: django-tasks' own, which here outlives its database, and beside it a look at what has stopped."""

import gc
import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django_tasks_db.management.commands import db_worker

from flinkey_admin.operations import signals, upkeep

logger = logging.getLogger(__name__)

AGAIN = 2.0  # seconds until a database that did not answer is asked again


class Worker(db_worker.Worker):
    """A worker that waits for a database which is started anew, instead of ending with it."""

    def run(self) -> None:
        """Works until it is told to stop. What it was at when the database went away is taken up as after a death."""
        while self.running:
            try:
                super().run()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, so the worker waits: %s", error)
                connections.close_all()
                time.sleep(AGAIN * self.running)
            else:
                return


class Command(db_worker.Command):
    """`python manage.py work`: takes the options of db_worker, but for those about reloading."""

    help = "Run changes, and take up whatever has stopped; or what is asked for in another queue"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(queue_name="runs")

    def handle(self, *, queue_name: str, verbosity: int, **options: Any) -> None:
        gc.freeze()  # as wsgi.py does
        self.configure_logging(verbosity)
        names = queue_name.split(",")
        if {"runs", "*"} & set(names):
            upkeep.start_watching()
        taken = ("interval", "batch", "backend_name", "startup_delay", "max_tasks", "worker_id")
        worker = Worker(queue_names=names, excluded_queue_names=[], **{name: options[name] for name in taken})
        worker.configure_signals()
        signals.working.send(sender=None, queues=names)
        worker.run()

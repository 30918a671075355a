"""What this machine and its database know by themselves, without asking anybody outside."""

import datetime as dt
import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks_db.models import DBTaskResult, get_date_max

from flinkey_admin.accounts.models import Customer
from flinkey_admin.node import copies, health, pulse
from flinkey_admin.node.checkup.lines import BAD, GOOD, LOOK, OFF, Line
from flinkey_admin.operations.models import Webhook

QUEUES = ("default", "runs", "sweep")
LATE = dt.timedelta(minutes=2)  # a task that nobody has taken for so long waits in vain
SELDOM = dt.timedelta(days=7)  # whoever has had backups made does not mean to lose more
LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000  # bytes on the disk


def lines(customer: Customer | None = None) -> list[Line]:
    """Database, workers, webhooks, backups and disk. customer: whose webhooks count; those of all without one."""
    first = database()
    if first.state == BAD and health.trouble() == health.NO_DATABASE:
        return [first, disk()]
    try:
        return [first, workers(), webhooks(customer), backups(), disk()]
    except DatabaseError as fault:
        return [Line(_("Database"), BAD, _("It cannot be used as it is."), _migrate(), str(fault)), disk()]


def database() -> Line:
    """Whether it answers, can be written and fits this version."""
    title = _("Database")
    trouble = health.trouble()
    if not trouble:
        return Line(title, GOOD, _("It answers, can be written and fits this version."))
    if trouble == health.OLD:
        return Line(title, BAD, _("It is older than this version needs."), _migrate())
    todo = _("Look at its log, at the rights of its files and at the disk; then restart the service.")
    return Line(title, BAD, _("It cannot be used as it is."), todo, trouble)


def _migrate() -> str:
    return _("Run flinkey-admin migrate, then restart the service.")


def workers() -> Line:
    """Whether each queue has somebody who works it off, and whether something waits there in vain."""
    title = _("Workers")
    alive = pulse.alive()
    served = {queue for worker in alive for queue in worker.queues.split(",")}
    machines = sorted({worker.machine for worker in alive})
    detail = ", ".join(f"{worker.name} ({worker.queues})" for worker in alive)
    todo = _("Start them with the service, or with flinkey-admin workers; its log says why one has ended.")
    if "*" not in served and (missing := [queue for queue in QUEUES if queue not in served]):
        detail = f"{detail}; missing: {', '.join(missing)}".lstrip("; ")
        return Line(title, BAD, _("Not all of them run, so changes and confirmations can stop."), todo, detail)
    if len(machines) > 1 and connection.vendor == "sqlite":
        text = _("Workers on several machines share a SQLite file, which can lose data.")
        return Line(title, BAD, text, _("Move to PostgreSQL, or run them on one machine."), detail)
    if waits_since := _waiting():
        text = _("Something has waited for them for %(ago)s.") % {"ago": timesince(waits_since)}
        return Line(title, LOOK, text, _("Restart the service if that goes on."), detail)
    return Line(title, GOOD, _at_work(len(alive), len(machines)), detail=detail)


def _at_work(processes: int, machines: int) -> str:
    return _("They are at work: %(processes)s on %(machines)s.") % {
        "processes": ngettext("%(count)s process", "%(count)s processes", processes) % {"count": processes},
        "machines": ngettext("%(count)s machine", "%(count)s machines", machines) % {"count": machines},
    }


def _waiting() -> dt.datetime | None:
    """Since when the oldest task that could be taken has waited, if that is too long."""
    before = timezone.now() - LATE
    due = Q(run_after=get_date_max()) | Q(run_after__lte=before)
    ready = DBTaskResult.objects.ready().filter(due, enqueued_at__lte=before, queue_name__in=QUEUES)
    oldest = ready.order_by("enqueued_at").first()
    if oldest is None:
        return None
    since: dt.datetime = oldest.enqueued_at
    return since if oldest.run_after > timezone.now() else max(oldest.run_after, since)


def webhooks(customer: Customer | None) -> Line:
    """Whether messages are taken, and when the last one came."""
    title = _("Webhooks")
    told = Webhook.objects.filter(customer=customer) if customer else Webhook.objects.all()
    last = told.aggregate(last=Max("last_at"))["last"]
    if not settings.FLINKEY_WEBHOOK_SECRET:
        text = _("None are taken, for no secret is set. Changes are confirmed by reading back, which suffices.")
        return Line(title, OFF, text, _("To have them: FLINKEY_WEBHOOK_SECRET, see docs/configure.md."))
    if last is None:
        text = _("None has come yet. Changes are confirmed by reading back, which suffices.")
        todo = _("To have them: address and secret in the flinkey portal; Messages from flinkey shows the address.")
        return Line(title, OFF, text, todo)
    return Line(title, GOOD, _("The last one came %(ago)s ago.") % {"ago": timesince(last)})


def backups() -> Line:
    """When the last one was made here. Only a hint: they may be made on another machine, or by other means."""
    title, last = _("Backups"), copies.last_made()
    if last is None:
        text = _("None was made on this machine by flinkey-admin backup.")
        return Line(title, OFF, text, _("Have one made each night, if nothing else makes them: docs/operate.md."))
    text = _("The last one was made %(ago)s ago.") % {"ago": timesince(last)}
    if timezone.now() - last < SELDOM:
        return Line(title, GOOD, text)
    return Line(title, LOOK, text, _("See why none is made any more: docs/operate.md."))


def disk() -> Line:
    """Whether there is room where the data are."""
    title, folder = _("Disk"), settings.VAR_DIR
    if connection.vendor == "sqlite":
        folder = Path(str(connection.settings_dict["NAME"])).parent
    try:
        left = shutil.disk_usage(folder).free
    except OSError as fault:
        return Line(title, BAD, _("The folder of the data cannot be looked at."), _("Check VAR_DIR."), str(fault))
    text = _("%(free)s GB are free.") % {"free": round(left / 1e9, 1)}
    state = GOOD if left >= LITTLE else LOOK if left >= TOO_LITTLE else BAD
    todo = "" if state == GOOD else _("Make room, before changes can no longer be noted.")
    return Line(title, state, text, todo, str(folder))

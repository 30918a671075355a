"""Erases a person from the database. The only code besides their owners that writes the journal and the copy: it puts
a mark in the place of a person's words, and changes nothing else of them.

The numbers of flinkey stay (they name nobody once flinkey has forgotten them), and so do changes, steps and times: a
receipt says as many things as before.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from flinkey_admin.accounts.models import Manager, SignIn
from flinkey_admin.assignments.models import Feed
from flinkey_admin.fleet.models import Note, Selection
from flinkey_admin.mirror.models import Membership, User
from flinkey_admin.node.persons import walking
from flinkey_admin.node.persons.finding import Person, of_numbers
from flinkey_admin.operations import webhooks
from flinkey_admin.operations.models import Operation, Outside, Step, Webhook

AT_A_TIME = 200
AXES = (AccessAttempt, AccessFailureLog, AccessLog)
# By whose rows about a person the person is found. They go last: whoever was interrupted before can still be finished.
SOURCES = (Step, Outside)
PATIENCE = 90  # seconds for those who read: PostgreSQL ends ours after a minute of idleness (settings.py)
NOW = "SELECT clock_timestamp(), pg_snapshot_xmax(pg_current_snapshot())::text"
# Who writes, in any database of the server, and who reads in this one.
ENDED = """
    SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8 AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_xmin IS NOT NULL AND xact_start < %s
    )
"""


@dataclass
class Erased:
    """rows: how many rows of each table were changed or deleted. loosely: texts with the last name alone.

    swept: whether the words are out of the files as well.
    """

    rows: Counter[str] = field(default_factory=Counter)
    loosely: list[str] = field(default_factory=list)
    swept: bool = True


def forget(person: Person, *, dry_run: bool = False) -> Erased:
    """Erases the person, and the pages of the file in which the words stood. dry_run: only says where they stand.

    What tells who the person is goes last, in one transaction: interrupted anywhere, the next run finishes it.
    """
    done = Erased()
    alone = _alone(person)
    gone = {rows.model: set(rows.values_list("pk", flat=True)) for rows in alone}
    _sessions(person, done, dry_run=dry_run)
    for model in walking.tables():
        pks = [pk for pk in walking.standing(model, person) if pk not in gone.get(model, ())]
        done.rows[model._meta.db_table] += len(pks)
        last = _sources(model, person)
        for first in range(0, 0 if dry_run else len(pks), AT_A_TIME):
            _rewrite(model, [pk for pk in pks[first : first + AT_A_TIME] if pk not in last], person)
    done.rows.update({model._meta.db_table: len(keys) for model, keys in gone.items()})
    done.rows["accounts_manager"] += bool(person.manager)
    done.loosely = _loosely(person)
    if not dry_run:
        with transaction.atomic():
            _last(person, alone)
        done.swept = _sweep_out()
    return done


def _sources(model: type[Model], person: Person) -> set[Any]:
    """The keys of the rows of a table by which the person is found."""
    if model not in SOURCES:
        return set()
    return set(model._base_manager.filter(of_numbers(person)).values_list("pk", flat=True))


def _last(person: Person, alone: "list[QuerySet[Any]]") -> None:
    for model in SOURCES:
        _rewrite(model, list(_sources(model, person)), person)
    for rows in alone:
        rows.delete()
    if person.manager:
        _close(person.manager)


def _alone(person: Person) -> "list[QuerySet[Any]]":
    """What is about this person alone and counted by nobody."""
    manager = person.manager.pk if person.manager else None
    return [
        User.objects.filter(of_numbers(person, kind="", number="flinkey_id")),
        Membership.objects.filter(of_numbers(person)),
        Feed.objects.filter(of_numbers(person, number="flinkey_id") | Q(person=manager)),
        Selection.objects.filter(Q(pk__in=_selections(person)) | Q(manager=manager)),
        SignIn.objects.filter(manager=manager),
        Webhook.objects.filter(pk__in=_webhooks(person)),
        *(model.objects.filter(_any_address("username", person)) for model in AXES),
    ]


def _any_address(name: str, person: Person) -> Q:
    wanted = Q(pk__in=[])
    for email in person.emails:
        wanted |= Q(**{f"{name}__iexact": email})
    return wanted


def _selections(person: Person) -> list[Any]:
    return [
        row.pk
        for row in Selection.objects.filter(kind="users")
        if any((row.customer_id, number) in person.numbers for number in row.ids)
    ]


def _webhooks(person: Person) -> list[int]:
    """flinkey's messages as they came, that are about this user."""
    found = []
    for row in Webhook.objects.iterator():
        said = webhooks.parse(row.body)
        if (row.customer_id, webhooks.integer(said.get("userId"))) in person.numbers:
            found.append(row.pk)
    return found


def _sessions(person: Person, done: Erased, *, dry_run: bool) -> None:
    """The person's own end; what others have typed about the person and not sent yet goes."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    manager = str(person.manager.pk) if person.manager else ""
    for row in Session.objects.all():
        session = store(session_key=row.session_key)
        data = dict(session.items())
        mine = manager and data.get("_auth_user_id") == manager
        named = [name for name, value in data.items() if walking.stands(value, {}, person)]
        done.rows["django_session"] += bool(mine or named)
        if dry_run:
            continue
        if mine or "email" in named:
            session.delete()
        elif named:
            for name in named:
                del session[name]
            session.save()


def _rewrite(model: type[Model], pks: list[Any], person: Person) -> None:
    """Puts the mark into the texts of some rows of a table, in one transaction: few, so that nobody waits for long."""
    names = walking.texts_of(model)
    with transaction.atomic():
        for row in list(walking.rows(model, pks)):
            fresh = {
                name: _fitting(model, name, walking.without(row[name], row, person, mark(person))) for name in names
            }
            model._base_manager.filter(pk=row["pk"]).update(**fresh)


def _fitting(model: type[Model], name: str, value: Any) -> Any:
    longest = getattr(model._meta.get_field(name), "max_length", None)
    return value[:longest] if longest and isinstance(value, str) else value


def mark(person: Person) -> str:
    """What stands in the place of the person from now on."""
    number = min((number for _customer, number in person.numbers), default=None)
    return _("forgotten person %(number)s") % {"number": number} if number else _("forgotten person")


def _close(manager: Manager) -> None:
    """The account stays as a number, so that each change still has somebody who made it."""
    manager.reach_set.all().delete()
    manager.email, manager.is_active, manager.last_login = f"forgotten-{manager.pk}@person.invalid", False, None
    manager.save(update_fields=["email", "is_active", "last_login"])


def _loosely(person: Person) -> list[str]:
    notes = Note.objects.values_list("pk", "text")
    reasons = Operation.objects.exclude(reason="").values_list("pk", "reason")
    found = [f"note {pk}" for pk, text in notes if person.loosely.search(text)]
    return found + [f"the reason of change {pk}" for pk, text in reasons if person.loosely.search(text)]


def _sweep_out() -> bool:
    """The words are out of the rows, and still in the file: a database reuses their place later, or never.

    Returns False when somebody reads for so long that what was before has to be kept for them.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return bool(cursor.fetchone()[0] == 0)
        alone = True
        # The catalogue of statistics has samples of what stood in the tables, until each has been looked at anew.
        for tables in (connection.introspection.django_table_names(only_existing=True), ["pg_statistic"]):
            alone = _readers_ended(cursor) and alone
            for table in tables:
                cursor.execute(f"VACUUM (FULL, ANALYZE) {connection.ops.quote_name(table)}")
        return alone


def _readers_ended(cursor: Any) -> bool:
    """Waits for those who began before, since a table that is written anew takes along what they may still look at."""
    cursor.execute(NOW)
    now, number = cursor.fetchone()
    for _second in range(PATIENCE):
        cursor.execute(ENDED, [number, now])
        if cursor.fetchone() == (True,):
            return True
        time.sleep(1)
    return False

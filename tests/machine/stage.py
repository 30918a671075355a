"""The stage of the machine: one process that can die at any call and any commit, and a world put back in a moment."""

import copy
import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import time_machine
from django.core.cache import cache
from django.db import connection

from flinkey_admin import upstream
from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.accounts.scoping import Scope, live_scopes
from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Sandbox
from tests.conftest import BOTH, COORDINATOR, Person, work_off
from tests.machine.wire import Wire
from tests.operations.stage import NOW

PEOPLE = (COORDINATOR, BOTH)
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
# Each change of a step's state, in the order in which it came true in the database. What waits for a step that was
# refused will not come, and is nobody's rival.
TRIGGERS = """
CREATE TABLE IF NOT EXISTS story (id INTEGER PRIMARY KEY, step INTEGER, was TEXT, became TEXT, rivals INTEGER);
CREATE TRIGGER IF NOT EXISTS step_state AFTER UPDATE OF state ON operations_step WHEN OLD.state != NEW.state BEGIN
  INSERT INTO story (step, was, became, rivals) VALUES (NEW.id, OLD.state, NEW.state,
    (SELECT count(*) FROM operations_step s JOIN operations_operation o ON o.id = s.operation_id
       JOIN operations_operation mine ON mine.id = NEW.operation_id
     WHERE NEW.state = 'sent' AND s.settled_at IS NULL AND s.thing_id = NEW.thing_id AND s.kind = NEW.kind
       AND o.id != mine.id AND o.finished_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM operations_step a LEFT JOIN operations_step b ON b.id = a.after_id
         WHERE a.id = s.after_id AND 'refused' IN (a.state, b.state))
       AND (o.started_at < mine.started_at OR (o.started_at = mine.started_at AND o.id < mine.id))));
END;
CREATE TABLE IF NOT EXISTS theft (operation INTEGER);
CREATE TRIGGER IF NOT EXISTS lease AFTER UPDATE OF lease_mark ON operations_operation
  WHEN OLD.lease_mark IS NOT NULL AND NEW.lease_mark IS NOT NULL AND OLD.lease_mark != NEW.lease_mark
    AND julianday(OLD.lease_until) > julianday(NEW.lease_until) - 19.9 / 86400 BEGIN
  INSERT INTO theft VALUES (NEW.id);
END;
"""


class Died(BaseException):
    """The process is no more. Nothing may catch it."""


class Stage:
    """Database, clock, sandbox and people, each example from the same start."""

    def __init__(self, sandbox: Sandbox, traveller: time_machine.Traveller) -> None:
        self.sim, self.traveller = sandbox.sim, traveller
        self.browsers = {email: Person() for email in PEOPLE}
        for email in PEOPLE:
            self.sign_in(email)
        with connection.cursor() as cursor:
            cursor.connection.executescript(TRIGGERS)
        self._database = sqlite3.connect(":memory:")
        connection.connection.backup(self._database)
        with self.sim.lock:
            self.sim.settings.change(strict=False, webhook_url="http://127.0.0.1:9/", webhook_separate=True)
            self._world = self.sim.snapshot()
            self._tokens = dict(self.sim.tokens)
        self._cookies = {email: copy.deepcopy(one.cookies) for email, one in self.browsers.items()}
        self.managers = {one.email: one for one in Manager.objects.all()}
        self.customer = Customer.objects.get(flinkey_id="1")
        self._commit_at, self._moment = 0, ""
        self.restore()

    def restore(self) -> None:
        """Everything as it was in the beginning."""
        self.traveller.move_to(NOW)
        self._database.backup(connection.connection)
        cache.clear()
        with self.sim.lock:
            self.sim.restore(self._world)
            self.sim.tokens = dict(self._tokens)
            self.sim.deliveries.clear()
            self.wire = Wire(self.sim)
        for email, one in self.browsers.items():
            one.cookies = copy.deepcopy(self._cookies[email])
        self._commit_at = 0
        for manager in self.managers.values():
            vars(manager).pop("reach", None)

    # People and time ------------------------------------------------------------------------------------------------

    def scope(self, email: str) -> Scope | None:
        """In which somebody acts; None while the person is not signed in."""
        live = live_scopes(self.customer)
        return next((one for one in live if one.person.email == email), None)

    def can_call(self, email: str) -> bool:
        """Whether somebody is signed in, with a token that is still alive."""
        scope = self.scope(email)
        with self.sim.lock:
            return scope is not None and self.sim.manager_of(scope.token or "") is not None

    def sign_in(self, email: str) -> None:
        assert self.browsers[email].sign_in(email).status_code == 302

    def advance(self, seconds: float) -> None:
        """Moves the time; whatever flinkey had to do meanwhile is done."""
        self.traveller.shift(seconds)
        self.sim.run_due()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def work_off(self) -> None:
        """The worker does all that is due, of changes and of windows."""
        work_off("runs", "default")

    # Death ----------------------------------------------------------------------------------------------------------

    def die_at_commit(self, number: int, moment: str) -> None:
        """The process ends before or after its n-th commit from now on."""
        self._commit_at, self._moment = number, moment

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """What is done within ends at the moment that was ordered, and nothing of it goes on after."""
        commit = connection.commit
        connection.commit = lambda: self._commit(commit)  # type: ignore[method-assign]
        try:
            with connection.execute_wrapper(self._execute):
                yield
        except BaseException:
            if not self.wire.dead:
                raise
        finally:
            del connection.commit
            self._commit_at = 0
            if self.wire.dead:
                _bury()
            self.wire.calm()

    def _execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.wire.dead and not sql.startswith("ROLLBACK"):
            raise Died
        if not connection.in_atomic_block and sql.startswith(WRITES):
            return self._commit(lambda: execute(sql, params, many, context))
        return execute(sql, params, many, context)

    def _commit(self, commit: Callable[[], Any]) -> Any:
        """One commit, which may be the last one."""
        if self.wire.dead:
            connection.rollback()
            raise Died
        self._commit_at -= 1
        if self._commit_at == 0:
            self.wire.dead = True
            if self._moment == "after":
                commit()
            elif connection.connection.in_transaction:
                connection.rollback()
            raise Died
        return commit()


def _bury() -> None:
    """Its calls end with a process; whoever comes after has threads and connections of its own."""
    upstream._workers(upstream.AT_ONCE).shutdown(wait=True)
    upstream._workers.cache_clear()
    Listing.objects.exclude(lease_until=None).update(lease_until=None)  # of the copy, which is not what dies here

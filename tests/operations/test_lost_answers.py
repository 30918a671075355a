"""A thousand new windows, the answer to each is lost: flinkey has each exactly once, and the journal knows it."""

import datetime as dt

import pytest

from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.flinkey.fields import written
from flinkey_admin.operations import confirmation, journal, runner, upkeep
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person, work_off
from tests.operations.stage import NOW, Clock, count, took_effect

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "createAssignment"


@pytest.mark.sampled
def test_each_is_done_once(
    request: pytest.FixtureRequest, clock: Clock, coordinator: Person, scope: Scope, flinkey: Remote
) -> None:
    number = 1000 if request.config.getoption("--thorough") else 60
    steps = []
    for hour in range(number):
        start = NOW + dt.timedelta(days=1, hours=2 * hour)
        args = {"start": written(start), "end": written(start + dt.timedelta(hours=1))}
        car, user = hour % 7 + 1, hour % 5 + 1
        steps.append(journal.Planned(Verb.CREATE_WINDOW, str(hour), car_id=car, user_id=user, args=args))
    operation = journal.plan(scope, Operation.Kind.GIVE_ACCESS, {"car": "", "user": ""}, steps)
    before = len(flinkey.state(1)["windows"])
    flinkey.fault(CREATE, "reset-after", times=number)

    journal.queue(operation)
    runner.run(operation, require_client(scope))

    assert set(operation.steps.values_list("state", flat=True)) == {State.UNKNOWN}
    for _look in range(3):
        clock.advance(3)
        upkeep.take_up()
        work_off()
        for step in Step.objects.exclude(next_check_at=None):
            confirmation.check_if_due(step, require_client(scope))
    assert (count(flinkey, CREATE), took_effect(flinkey, CREATE)) == (number, number)
    assert len(flinkey.state(1)["windows"]) == before + number
    assert set(operation.steps.values_list("state", flat=True)) == {State.CONFIRMED}
    assert operation.steps.values("window_id").distinct().count() == number

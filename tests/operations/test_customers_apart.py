"""Changes of one customer are in no way of another's, whose cars and windows have the same ids."""

from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.flinkey import Kind
from flinkey_admin.operations import journal
from flinkey_admin.operations.journal import Planned
from flinkey_admin.operations.models import Operation, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import SOUTHERNER, Person
from tests.operations.stage import Clock, count
from tests.operations.windows import agree


def planned(scope: Scope, step: Planned) -> Operation:
    """With its yes, and not done yet."""
    operation = journal.plan(scope, Operation.Kind.MOVE, {"count": 1}, [step])
    journal.queue(operation)
    return operation


def test_a_change_waits_for_none_of_another_customer(clock: Clock, scope: Scope, southerner: Person) -> None:
    south = scope_for(Manager.objects.get(email=SOUTHERNER), "2")
    assert south
    step = Planned(Verb.ADD, "a car", kind=Kind.CARS, thing_id=1, group_id=2)
    theirs = planned(south, step)
    clock.advance(1)
    ours = planned(scope, step)
    assert (journal.in_the_way(ours), journal.in_the_way(theirs)) == ([], [])
    clock.advance(1)
    assert journal.in_the_way(planned(scope, step)) == [ours], "it would tell"


def test_a_window_is_held_for_its_customer_alone(clock: Clock, scope: Scope, southerner: Person) -> None:
    south = scope_for(Manager.objects.get(email=SOUTHERNER), "2")
    assert south
    old = Planned(Verb.DELETE_WINDOW, "a window", window_id=1, car_id=1, user_id=1)
    times = {"start": "2030-02-01T08:00:00Z", "end": None}
    new = Planned(Verb.CREATE_WINDOW, "another", car_id=1, user_id=1, args=times)
    for one in (south, scope):
        planned(one, old)
        planned(one, new)
    assert Operation.objects.exclude(started_at=None).count() == 4


def test_both_may_give_the_same_car_to_the_same_user(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    flinkey.settings(delay=60)
    for person in (coordinator, southerner):
        agree(person, "/assignments/new/", {"car": "1", "user": "1", "start": "2030-02-01T08:00", "end": ""})
    assert count(flinkey, "createAssignment") == 2

"""The worker confirms windows with nobody looking, in the name of whoever is signed in; messages over a real wire."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import SignIn
from flinkey_admin.operations import confirmation, journal, upkeep
from flinkey_admin.operations.models import State, Webhook
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, Person
from tests.operations.stage import Clock, count, windows_like
from tests.operations.test_confirmation import state_of
from tests.operations.windows import SECRET, SHARED, change, give, remove

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The worker takes Ctrl-C for itself; afterwards it is pytest's again."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def work() -> None:
    """The worker does all that is due, and nothing of it goes wrong."""
    call_command("db_worker", batch=True, interval=0, startup_delay=False, reload=False, verbosity=0)
    assert [str(one.traceback) for one in DBTaskResult.objects.failed()] == []


def test_it_confirms_with_no_page_open(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    steps = [give(coordinator), change(coordinator), remove(coordinator, 4)]
    work()
    assert [state_of(step) for step in steps] == [State.ACCEPTED] * 3, "it is not yet time"
    clock.advance(2)
    work()
    assert [state_of(step) for step in steps] == [State.CONFIRMED] * 3
    assert [step.confirmed_by for step in steps] == ["read-back"] * 3


@pytest.mark.parametrize("died", ["before it asked for the look", "while it looked"])
def test_a_look_that_has_died_is_taken_up(clock: Clock, coordinator: Person, flinkey: Remote, died: str) -> None:
    """kill -9 between the commits: the journal waits for a look that nobody is going to take."""
    step = give(coordinator)
    DBTaskResult.objects.all().delete()
    if died == "while it looked":
        clock.advance(2)
        assert journal.take_check(step, timezone.now() + confirmation.gap(9))
        waits = 61
    else:
        journal.watch(step, None)
        waits = 0
    upkeep.take_up()
    assert DBTaskResult.objects.count() == (waits == 0), "somebody may still be at it"
    clock.advance(waits + 2)
    upkeep.take_up()
    work()
    assert (state_of(step), count(flinkey, "createAssignment")) == (State.CONFIRMED, 1)


def test_it_keeps_looking_at_the_growing_gaps(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=1000)
    step = give(coordinator)
    looked = []
    for second in range(1, 35):
        clock.advance(1)
        before = step.checks
        work()
        step.refresh_from_db()
        looked += [second] if step.checks > before else []
    assert looked == [2, 4, 8, 16, 31]
    assert count(flinkey, "createAssignment") == 1


def test_a_page_and_the_worker_do_not_both_ask(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=1000)
    step = give(coordinator)
    clock.advance(2)
    coordinator.get(f"/operations/{step.operation_id}/")
    work()
    step.refresh_from_db()
    assert step.checks == 1


def test_it_rests_while_nobody_is_signed_in(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = give(coordinator)
    coordinator.post("/sign-out/")
    assert SignIn.objects.count() == 0
    flinkey.clear_requests()
    for _ in range(3):
        clock.advance(30)
        work()
    assert state_of(step) == State.ACCEPTED
    assert flinkey.requests() == []

    coordinator.sign_in(COORDINATOR)
    clock.advance(31)
    work()
    assert state_of(step) == State.CONFIRMED


def test_it_may_use_the_sign_in_of_another_manager_of_that_customer(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote
) -> None:
    step = give(coordinator)
    coordinator.post("/sign-out/")
    clock.advance(2)
    work()
    assert state_of(step) == State.ACCEPTED, "a manager of another customer is of no use"
    Person().sign_in(BOTH)
    clock.advance(31)
    work()
    assert state_of(step) == State.CONFIRMED


def test_a_token_that_died_early_is_no_token(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = give(coordinator)
    flinkey.expire_tokens()
    clock.advance(2)
    work()
    assert state_of(step) == State.ACCEPTED
    coordinator.sign_in(COORDINATOR)
    clock.advance(60)
    work()
    assert state_of(step) == State.CONFIRMED


@pytest.mark.parametrize("separate", [False, True], ids=["one URL", "three URLs"])
@pytest.mark.parametrize("act", [give, change, remove])
def test_flinkeys_own_messages_arrive(
    clock: Clock, coordinator: Person, flinkey: Remote, live_server: Any, act: Any, *, separate: bool
) -> None:
    url = f"{live_server.url}{SHARED}"
    flinkey.settings(webhook_url=url, webhook_secret=SECRET, webhook_separate=separate, delay=0.5)
    step = act(coordinator)
    clock.advance(0.6)
    assert [one["status"] for one in flinkey.deliveries()] == [204]
    work()
    assert (state_of(step), step.confirmed_by) == (State.CONFIRMED, "webhook")
    event = {give: "created", change: "updated", remove: "deleted"}[act] if separate else ""
    assert Webhook.objects.get().event == event
    assert Webhook.objects.get().step == step


def test_a_failure_arrives_with_its_reason(
    clock: Clock, coordinator: Person, flinkey: Remote, live_server: Any
) -> None:
    flinkey.settings(webhook_url=f"{live_server.url}{SHARED}", webhook_secret=SECRET, delay=0.5)
    flinkey.change("uninstall_box", car=2)
    step = give(coordinator)
    clock.advance(0.6)
    work()
    assert (state_of(step), step.reason, step.detail) == (State.REFUSED, "told", "The car has no product installed.")


@pytest.mark.parametrize(
    "trouble",
    [{"webhook_lost": True}, {"webhook_repeat": 3}, {"webhook_delay": 60}, {"webhook_secret": "old"}],
    ids=str,
)
def test_messages_lost_repeated_late_or_with_another_secret(
    clock: Clock, coordinator: Person, flinkey: Remote, live_server: Any, trouble: dict[str, Any]
) -> None:
    url = f"{live_server.url}{SHARED}"
    flinkey.settings(**{"webhook_url": url, "webhook_secret": SECRET, "delay": 0.5} | trouble)
    step = give(coordinator)
    clock.advance(2)
    work()
    assert state_of(step) == State.CONFIRMED
    clock.advance(120)
    work()
    assert state_of(step) == State.CONFIRMED
    assert len(windows_like(flinkey, step)) == 1

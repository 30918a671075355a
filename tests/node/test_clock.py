"""The clock jumps by hours, both ways: changes, accesses and pages go on."""

from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.mirror.models import Listing, Upstream
from flinkey_admin.node import clock as clocks
from flinkey_admin.node import pulse
from flinkey_admin.node.checkup import here
from flinkey_admin.node.checkup.lines import BAD, GOOD
from flinkey_admin.node.models import Worker
from flinkey_admin.operations import journal, signals, upkeep
from flinkey_admin.operations.models import Hold, Operation, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person, work_off
from tests.mirror.stage import asked, caught_up, fresh
from tests.operations.conftest import clock  # noqa: F401 - the fixture
from tests.operations.stage import BERLIN, Clock, members, page_of, took_effect
from tests.operations.windows import give

HOURS = 5 * 3600


@pytest.fixture(autouse=True)
def never_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks.look, "next_at", 0.0)


def half_way(coordinator: Person, remote: Remote) -> Operation:
    """A move of three cars whose worker has died: one add is done, one is under way, by a lease of twenty seconds."""
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2", "3"], "to": str(BERLIN)})
    operation = Operation.objects.latest("pk")
    journal.queue(operation)
    assert journal.begin(operation)
    first, second, *_rest = operation.steps.all()
    remote.change("add_member", kind="cars", group=BERLIN, id=1)
    Step.objects.filter(pk=first.pk).update(state=State.CONFIRMED)
    Step.objects.filter(pk=second.pk).update(state=State.SENT)
    return operation


def go_on() -> None:
    """The worker looks around and does what it finds, a few times."""
    for _look in range(3):
        upkeep.take_up()
        signals.looked.send(sender=None)
        upkeep.take_up()
        work_off("runs", "default")


def test_a_move_goes_on_though_the_clock_was_set_back(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    operation = half_way(coordinator, flinkey)
    clock.advance(-HOURS)
    coordinator.sign_in(COORDINATOR)
    go_on()
    operation.refresh_from_db()
    assert (operation.state, operation.hold) == (State.CONFIRMED, "")
    assert set(members(flinkey, "cars", BERLIN)) >= {1, 2, 3}


def test_without_the_look_it_would_wait_for_hours(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    """So that the test above is about something."""
    operation = half_way(coordinator, flinkey)
    clock.advance(-HOURS)
    coordinator.sign_in(COORDINATOR)
    upkeep.take_up()
    work_off("runs")
    operation.refresh_from_db()
    assert operation.state == State.SENT


def test_a_move_that_meets_a_later_day_asks_first(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    """Five hours ahead: the sign-in is over, and so much time has passed that a person looks once more."""
    operation = half_way(coordinator, flinkey)
    clock.advance(HOURS)
    go_on()
    operation.refresh_from_db()
    assert operation.hold == Hold.ASKS
    assert coordinator.get("/groups/").status_code == 302
    coordinator.sign_in(COORDINATOR)
    coordinator.post(f"/operations/{operation.pk}/run/")
    operation.refresh_from_db()
    assert operation.state == State.CONFIRMED
    assert set(members(flinkey, "cars", BERLIN)) >= {1, 2, 3}


def test_an_access_is_confirmed_and_given_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    step = give(coordinator)
    clock.advance(-HOURS)
    flinkey.settings(delay=0)
    flinkey.advance(0)
    coordinator.sign_in(COORDINATOR)
    clocks.look()
    go_on()
    step.refresh_from_db()
    assert step.state in {State.CONFIRMED, State.ACCEPTED}
    assert Step.objects.filter(next_check_at__gt=timezone.now() + clocks.SOON).count() == 0
    assert took_effect(flinkey, "createAssignment") == 1


def test_an_access_is_given_once_though_it_is_late_all_at_once(
    clock: Clock,  # noqa: F811
    coordinator: Person,
    flinkey: Remote,
) -> None:
    """Five hours ahead: the sign-in is over, so flinkey is asked once somebody has signed in."""
    step = give(coordinator)
    flinkey.settings(delay=0)
    clock.advance(HOURS)
    go_on()
    coordinator.sign_in(COORDINATOR)
    clock.advance(31)  # to the next look, which the one without a sign-in has put off
    go_on()
    step.refresh_from_db()
    assert step.state == State.CONFIRMED
    assert took_effect(flinkey, "createAssignment") == 1


def test_a_page_of_before_is_old_and_read_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    coordinator.get("/groups/")
    clock.advance(HOURS)
    coordinator.sign_in(COORDINATOR)
    flinkey.change("rename_group", group=1, name="Altona")
    flinkey.clear_requests()
    caught_up(coordinator, "/groups/")
    assert "/groups" in asked(flinkey)
    assert "Altona" in page_of(coordinator.get("/groups/"))


def test_a_page_is_read_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:  # noqa: F811
    coordinator.get("/groups/")
    Upstream.objects.update_or_create(pk=1, defaults={"trouble": "down", "next_try_at": timezone.now()})
    clock.advance(-HOURS)
    coordinator.sign_in(COORDINATOR)
    flinkey.change("rename_group", group=1, name="Altona")
    clocks.look()
    flinkey.clear_requests()
    fresh(coordinator, "/groups/")
    assert "/groups" in asked(flinkey)
    assert "Altona" in page_of(coordinator.get("/groups/"))
    assert not Listing.objects.filter(read_at__gt=timezone.now()).exists()


def test_a_lock_lasts_no_longer(clock: Clock, coordinator: Person) -> None:  # noqa: F811
    visitor = Person()
    for _time in range(5):
        visitor.sign_in(COORDINATOR, "wrong")
    clock.advance(-HOURS)
    clocks.look()
    assert visitor.sign_in(COORDINATOR).status_code == 429
    clock.advance(16 * 60)
    assert visitor.sign_in(COORDINATOR).status_code == 302


def test_a_worker_that_died_ahead_of_the_clock_is_missed(clock: Clock, db: None) -> None:  # noqa: F811
    pulse.beat("default,runs,sweep")
    assert here.workers().state == GOOD
    clock.advance(-HOURS)
    assert here.workers().state == BAD
    pulse.beat("default,runs,sweep")
    assert here.workers().state == GOOD


@pytest.mark.parametrize("by", ["the look", "whoever restores"])
def test_a_worker_elsewhere_stands_in_the_way_of_a_restore_for_a_minute(clock: Clock, db: None, by: str) -> None:  # noqa: F811
    """It may live, and says so within that time."""
    Worker.objects.create(name="other:1", machine="other", queues="runs", seen_at=timezone.now())
    clock.advance(-HOURS)
    if by == "the look":
        clocks.look()
    else:
        assert len(pulse.running()) == 1
    clock.advance(pulse.GONE.total_seconds() - 1)
    assert len(pulse.running()) == 1
    clock.advance(2)
    assert pulse.running() == []


def test_who_signed_in_ahead_of_the_clock_signs_in_again(clock: Clock, coordinator: Person) -> None:  # noqa: F811
    """How long nobody has sat there cannot be known. On another device it does not count as signed in either."""
    other = Person()
    assert other.sign_in(COORDINATOR).status_code == 302
    clock.advance(-HOURS)
    assert coordinator.get("/groups/").headers["Location"].startswith("/sign-in/")
    coordinator.sign_in(COORDINATOR)
    assert coordinator.get("/groups/").status_code == 200
    assert 'data-total="1"' in coordinator.get("/settings/sessions/").content.decode()


def test_a_clock_that_is_put_right_by_minutes_signs_nobody_out(clock: Clock, coordinator: Person) -> None:  # noqa: F811
    """And the idle limit is not longer by them."""
    clock.advance(-5 * 60)
    assert coordinator.get("/groups/").status_code == 200
    clock.advance(46 * 60)
    assert coordinator.get("/groups/").status_code == 302


def test_a_right_clock_is_left_alone(clock: Clock, coordinator: Person, django_assert_num_queries: Any) -> None:  # noqa: F811
    coordinator.get("/groups/")
    with django_assert_num_queries(3):
        clocks.look()
    with django_assert_num_queries(0):
        clocks.look()

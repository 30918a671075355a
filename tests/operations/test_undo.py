"""Undo restores exactly what was, as far as nobody has touched it since; and says what it leaves."""

import csv
import io
from typing import Any

import pytest

from flinkey_admin.accounts.scoping import Scope, require_client
from flinkey_admin.operations import confirmation, journal, services
from flinkey_admin.operations import undo as undoing
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.operations.stage import (
    Clock,
    assert_plain,
    count,
    members,
    offers,
    press,
    receipt,
    says,
    visible,
    windows_like,
)
from tests.operations.windows import change, give, remove

pytestmark = pytest.mark.django_db(transaction=True)


def homes(remote: Remote, car: int) -> list[int]:
    return [one["id"] for one in remote.state(1)["groups"] if car in one["cars"]]


def yes(person: Person, address: str, form: dict[str, Any]) -> Any:
    person.post(address, form)
    return press(person, receipt(person), "run")


def undo(person: Person, page: Any) -> Any:
    return press(person, press(person, page, "back"), "run")


def test_each_car_comes_back_into_its_own_groups(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Gathered out of whatever groups they were in: not merely the opposite move."""
    cars = [1, 4, 5, 7]
    before = {car: homes(flinkey, car) for car in cars}
    assert len({tuple(groups) for groups in before.values()}) > 2
    page = yes(coordinator, "/cars/move/", {"id": [str(car) for car in cars], "to": "4"})
    assert {car: homes(flinkey, car) for car in cars} == {car: [4] for car in cars}
    assert "Undo…" in visible(page)
    page = undo(coordinator, page)
    back = {car: homes(flinkey, car) for car in cars}
    assert back == before, "what was in no group is in none again"
    assert_plain(page)


def test_undoing_the_undo_moves_them_again(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = undo(coordinator, yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"}))
    assert members(flinkey, "cars", 1) == [1, 2, 3, 4]
    undo(coordinator, page)
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([3, 4], [1, 2, 5, 6])


def test_what_was_in_the_new_group_before_stays_there_also_when_an_answer_was_lost(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """The repeated call finds the car inside, as it was all the time: that was no doing of ours."""
    flinkey.change("add_member", kind="cars", group=2, id=1)
    flinkey.fault("assignCarToGroup", "reset-before")
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1"], "to": "2"})
    assert homes(flinkey, 1) == [2]
    undo(coordinator, page)
    assert homes(flinkey, 1) == [1, 2]


def test_it_can_be_done_once(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    first = Operation.objects.get()
    undo(coordinator, page)
    page = receipt(coordinator, first)
    assert not offers(page, "back")
    assert says(page, f"Undone by change {Operation.objects.latest('pk').pk}")
    assert says(receipt(coordinator), f"Undoes change {first.pk}")


def test_what_has_moved_on_since_stays_where_it_is(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    flinkey.change("add_member", kind="cars", group=4, id=1)
    flinkey.change("remove_member", kind="cars", group=2, id=1)
    review = press(coordinator, page, "back")
    assert says(review, "Pool 1 · HH-FK 1234: it has left Berlin since")
    press(coordinator, review, "run")
    assert (homes(flinkey, 1), homes(flinkey, 2)) == ([4], [1])


def test_when_all_has_moved_on_nothing_is_planned(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1"], "to": "2"})
    flinkey.change("remove_member", kind="cars", group=2, id=1)
    page = press(coordinator, page, "back")
    assert says(page, "Nothing of it can be undone any more")
    assert Operation.objects.count() == 1


def test_an_old_group_that_has_gone_keeps_the_car_where_it_is(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    group = flinkey.change("create_group", name="Kurz")
    flinkey.change("add_member", kind="cars", group=group, id=7)
    coordinator.get("/groups/?fresh=1")
    page = yes(coordinator, f"/groups/{group}/cars/move/", {"id": ["7"], "to": "2"})
    flinkey.change("delete_group", group=group)
    page = press(coordinator, page, "back")
    assert says(page, "the group Kurz is no longer there")
    assert 2 in homes(flinkey, 7)


def test_groups(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/4/rename/", {"name": "Leer (Ems)"})
    undo(coordinator, receipt(coordinator))
    assert {"id": 4, "name": "Leer"} in [{"id": g["id"], "name": g["name"]} for g in flinkey.state(1)["groups"]]
    coordinator.post("/groups/4/delete/")
    page = undo(coordinator, receipt(coordinator))
    assert "Leer" in [one["name"] for one in flinkey.state(1)["groups"]]
    undo(coordinator, page)
    assert "Leer" not in [one["name"] for one in flinkey.state(1)["groups"]]


def test_undoing_the_undo_of_a_new_group_makes_it_once_more(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/new/", {"name": "Kassel"})
    page = undo(coordinator, undo(coordinator, receipt(coordinator)))
    assert [one["name"] for one in flinkey.state(1)["groups"]][-1] == "Kassel"
    assert_plain(page)


def test_a_name_that_was_changed_once_more_stays(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/4/rename/", {"name": "Leer (Ems)"})
    flinkey.change("rename_group", group=4, name="Papenburg")
    assert says(press(coordinator, receipt(coordinator), "back"), "it was renamed once more since")


def test_windows(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Given and taken back; changed and changed back; removed and given anew."""
    for act in (give, change, lambda person: remove(person, 4)):
        before = [(w["carId"], w["userId"], w["start"], w["end"]) for w in flinkey.state(1)["windows"]]
        act(coordinator)
        clock.advance(3)
        page = receipt(coordinator)
        assert Step.objects.latest("pk").state == State.CONFIRMED
        undo(coordinator, page)
        clock.advance(3)
        page = receipt(coordinator)
        assert Step.objects.latest("pk").state == State.CONFIRMED, visible(page)
        after = [(w["carId"], w["userId"], w["start"], w["end"]) for w in flinkey.state(1)["windows"]]
        assert sorted(map(str, after)) == sorted(map(str, before))
        assert_plain(page)


SECONDS = [
    (2, {}, (604_800, 302_400)),  # flinkey's defaults, which may not be sent
    (4, {}, (864_000, 432_000)),
    (2, {"lifetime": "864000"}, (604_800, 302_400)),
    (4, {"lifetime": ""}, (864_000, 432_000)),
    (4, {"renewable_after": "86400"}, (864_000, 432_000)),
]


@pytest.mark.parametrize(("window", "typed", "seconds"), SECONDS)
def test_the_life_of_the_phones_key_comes_back(
    clock: Clock, coordinator: Person, flinkey: Remote, window: int, typed: dict[str, str], seconds: tuple[int, int]
) -> None:
    """It stands only in the single GET, so it is read before each removal and change. Taken back twice over."""
    if typed:
        shown = {
            2: {"car": "1", "user": "2", "start": "2026-11-25T09:00", "end": "2026-11-25T18:00"},
            4: {"car": "2", "user": "3", "start": "2026-11-24T08:00", "end": "2026-11-24T13:00"},
        }[window]
        kept = {"lifetime": "864000", "renewable_after": "432000"} if window == 4 else {}
        assert coordinator.post(f"/assignments/{window}/", {**shown, **kept, **typed}).status_code == 302
    else:
        remove(coordinator, window)
    clock.advance(3)
    page = receipt(coordinator)
    undo(coordinator, page)
    clock.advance(3)
    page = receipt(coordinator)
    assert Step.objects.latest("pk").state == State.CONFIRMED, visible(page)
    now = [one for one in flinkey.state(1)["windows"] if not typed or one["id"] == window][-1]
    lifetime = now["lifetime"] or 604_800
    assert (lifetime, now["renewableAfter"] or lifetime // 2) == seconds


def test_a_window_of_nobody_cannot_come_back(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """flinkey knows windows without a person, and makes none."""
    step = remove(coordinator, 5)
    clock.advance(2)
    page = press(coordinator, receipt(coordinator, step.operation), "back")
    assert says(page, "it was nobody's")
    assert_plain(page)
    assert count(flinkey, "createAssignment") == 0


def test_a_window_that_was_changed_since_stays(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    step = change(coordinator)
    clock.advance(3)
    page = receipt(coordinator)
    flinkey.change("end_window", window=step.window_id, end="2026-12-24T10:00:00Z")
    assert says(press(coordinator, page, "back"), "it was changed once more since")
    assert count(flinkey, "updateAssignment") == 1


def test_undoing_an_access_says_how_long_a_phone_may_hold_a_key(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    give(coordinator)
    clock.advance(3)
    review = press(coordinator, receipt(coordinator), "back")
    assert says(review, "phone may still hold a key")
    assert len(windows_like(flinkey, Step.objects.earliest("pk"))) == 1, "nothing was sent yet"


def test_a_plan_that_is_no_longer_true_says_so_first(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    page = receipt(coordinator)
    clock.advance(11)
    flinkey.change("remove_member", kind="cars", group=1, id=1)
    answer = press(coordinator, page, "run")
    assert answer.status_code == 409
    assert says(answer, "Pool 1 · HH-FK 1234 is no longer in Hamburg.")
    assert count(flinkey, "assignCarToGroup") == 0
    run = f"/operations/{Operation.objects.get().pk}/run/"
    seen = answer.context["seen"]
    flinkey.change("remove_member", kind="cars", group=1, id=2)
    again = coordinator.post(run, {"seen": seen})
    assert again.status_code == 409, "a yes to something else"
    page = coordinator.post(run, {"seen": again.context["seen"]}, follow=True)
    assert says(page, "All 2 done.")


def test_a_change_that_has_gone_on_since_is_taken_back_as_a_whole(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    """Between the review of the undo and its yes, a colleague has finished the rest of the change."""
    flinkey.fault("assignCarToGroup", "status", status=400, times=1)
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    review = press(coordinator, page, "back")
    press(coordinator, page, "run")
    assert members(flinkey, "cars", 2) == [1, 2, 5, 6]
    again = press(coordinator, review, "run")
    assert says(again, "Meanwhile more of it was done. This is what there is to undo now.")
    assert members(flinkey, "cars", 2) == [1, 2, 5, 6]
    assert_plain(press(coordinator, again, "run"))
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])


def test_what_is_undone_is_not_finished_any_more(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("assignCarToGroup", "status", status=400, times=1)
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    assert says(page, "Retry the 1 failed")
    assert_plain(undo(coordinator, page))
    assert members(flinkey, "cars", 2) == [5, 6]
    press(coordinator, page, "run")
    assert (members(flinkey, "cars", 1), members(flinkey, "cars", 2)) == ([1, 2, 3, 4], [5, 6])
    assert not says(coordinator.get(page.request["PATH_INFO"]), "Retry the 1 failed")


def test_what_runs_again_is_not_undone_meanwhile(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("assignCarToGroup", "status", status=400, times=1)
    page = yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    review = press(coordinator, page, "back")
    origin = Operation.objects.earliest("pk")
    journal.reopen(origin)
    assert journal.begin(origin)
    told = press(coordinator, review, "run")
    assert says(told, "What you want to undo is going on just now. Undo it once it has stopped.")
    assert not Operation.objects.filter(undoes=origin, started_at__isnull=False).exists()


def test_no_undo_while_a_window_of_it_may_come_true(
    clock: Clock, coordinator: Person, scope: Scope, flinkey: Remote
) -> None:
    """Of two windows that end, flinkey has done one by now. What is undone without the other would leave it ended."""
    flinkey.settings(delay=60)
    steps = [journal.Planned(Verb.DELETE_WINDOW, "", window_id=n, car_id=1, inverse={"verb": "x"}) for n in (1, 2)]
    operation = journal.plan(scope, Operation.Kind.END_ACCESS, {"count": 2}, steps)
    services.run(scope, operation)
    first, second = operation.steps.all()
    assert (first.state, second.state) == (State.ACCEPTED, State.ACCEPTED)
    journal.settle_window(first, journal.Outcome(State.CONFIRMED))
    assert not undoing.can(operation)
    clock.advance(61)
    confirmation.check_now(second, require_client(scope))
    operation.refresh_from_db()
    assert undoing.can(operation)


def test_the_reason_stays(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    run = f"/operations/{Operation.objects.get().pk}/run/"
    page = coordinator.post(run, {"reason": "  Ticket\x00 4711 \n"}, follow=True)
    assert says(page, "Reason Ticket 4711")
    assert says(coordinator.get("/operations/?q=4711"), "Ticket 4711")
    coordinator.post(run, {"reason": "another"})
    assert Operation.objects.get().reason == "Ticket 4711"


def test_the_receipt_as_a_table(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.fault("removeCarFromGroup", "status", status=400)
    yes(coordinator, "/groups/1/cars/move/", {"id": ["1", "2"], "to": "2"})
    answer = coordinator.get(f"/operations/{Operation.objects.get().pk}/csv/")
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert sorted(row["Result"] for row in rows) == ["Moved", "Only added"]
    assert {row["Number"] for row in rows} == {"1", "2"}
    assert all(row["Why"] for row in rows if row["Result"] != "Moved")


def test_a_table_holds_no_formula(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/new/", {"name": "=1+1"})
    text = coordinator.get(f"/operations/{Operation.objects.get().pk}/csv/").content.decode()
    assert "'=1+1" in text
    assert "\n=1+1" not in text


def test_the_review_names_the_access_that_stays(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Zoë may open cars of Hamburg; moving her to another group does not end that."""
    flinkey.change("add_member", kind="users", group=1, id=5)
    flinkey.change("add_window", car=1, user=5, start="2026-11-24T06:00:00Z", end=None)
    flinkey.change("add_window", car=2, user=5, start="2026-11-20T06:00:00Z", end="2026-11-21T06:00:00Z")
    for address in ("/groups/1/cars/?fresh=1", "/groups/1/users/?fresh=1", "/users/5/?fresh=1", "/cars/?fresh=1"):
        coordinator.get(address)
    coordinator.post("/groups/1/users/move/", {"id": ["5"], "to": "2"})
    page = receipt(coordinator)
    assert "1 access stays" in visible(page)
    assert "Pool 1 · HH-FK 1234 Tue 24 Nov, 07:00 \u2013 open end" in visible(page)
    assert "Groups open no doors" in visible(page)


def test_a_review_that_nobody_confirms_holds_no_window(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Only a change that has its yes keeps others from its windows; a plan that is overtaken says so at its yes."""
    give(coordinator)
    clock.advance(3)
    review = press(coordinator, receipt(coordinator), "back")
    plan = Operation.objects.latest("pk")
    assert plan.started_at is None
    number = Step.objects.earliest("pk").window_id
    flinkey.settings(delay=1000)
    answer = coordinator.post(f"/assignments/{number}/delete/")
    assert answer.status_code == 302
    assert count(flinkey, "deleteAssignment") == 1
    page = press(coordinator, review, "run")
    assert says(page, "Another change of this access is still open.")
    plan.refresh_from_db()
    assert plan.started_at is None
    assert count(flinkey, "deleteAssignment") == 1


def test_a_deleted_group_comes_and_goes_and_comes(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    coordinator.post("/groups/4/delete/")
    page = receipt(coordinator)
    for there in (True, False, True):
        page = undo(coordinator, page)
        assert ("Leer" in [one["name"] for one in flinkey.state(1)["groups"]]) is there

"""flinkey's messages about windows that nobody here has changed: a hint, so the car is read again."""

import datetime as dt
import itertools
import json
from typing import Any

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey.errors import RateLimited
from flinkey_admin.mirror import breaker, store, sweep
from flinkey_admin.mirror.models import Listing, Window
from flinkey_admin.operations.models import Webhook
from flinkey_admin.sandbox import Remote
from tests.conftest import Person
from tests.mirror.stage import asked, later, seen, times_asked
from tests.mirror.worker import work
from tests.operations.stage import Clock
from tests.operations.windows import SECRET, SHARED, created, give, send, told
from tests.stages import Stages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def warm(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:
    """Somebody has looked at everything, and the sweep has nothing to do."""
    stages.look(coordinator, "/groups/")
    stages.set("swept", work)
    clock.advance(6)
    flinkey.clear_requests()
    return coordinator


def waiting() -> list[Any]:
    """What the worker is to read soon."""
    rows = DBTaskResult.objects.ready().filter(task_path__endswith="read_soon")
    return [row.args_kwargs["args"] for row in rows.order_by("enqueued_at")]


def test_a_window_given_elsewhere_is_there_at_once(clock: Clock, warm: Person, flinkey: Remote) -> None:
    window = flinkey.change("add_window", car=2, user=5, start="2026-12-01T08:00:00Z", end="2026-12-01T18:00:00Z")
    times = {"start": "2026-12-01T08:00:00Z", "end": "2026-12-01T18:00:00Z"}
    assert send(created(assignmentId=window, **times), "created").status_code == 204
    work()
    assert asked(flinkey) == ["/cars/2/assignments"]
    assert seen() == [("new", "windows", window, None)]
    assert Window.objects.get(flinkey_id=window, ended_at=None).user_id == 5


@pytest.mark.parametrize(
    ("change", "facts", "event", "what"),
    [
        ("delete_window", {}, "deleted", "gone"),
        ("end_window", {"end": "2026-11-25T12:00:00Z"}, "updated", "changed"),
        ("delete_window", {}, "", "gone"),
    ],
)
def test_a_change_or_a_removal_names_only_the_window(
    clock: Clock, warm: Person, flinkey: Remote, change: str, facts: dict[str, Any], event: str, what: str
) -> None:
    flinkey.change(change, window=2, **facts)
    assert send(told(2), event).status_code == 204
    work()
    assert asked(flinkey) == ["/cars/1/assignments"]
    assert seen() == [(what, "windows", 2, None)]


def test_flinkeys_own_message_over_a_real_wire(clock: Clock, warm: Person, flinkey: Remote, live_server: Any) -> None:
    """A box that is taken out takes its windows along, one message each."""
    flinkey.settings(webhook_url=f"{live_server.url}{SHARED}", webhook_secret=SECRET, delay=1)
    flinkey.change("uninstall_box", car=1)
    clock.advance(2)
    assert [one["status"] for one in flinkey.deliveries()] == [204, 204]
    work()
    assert set(asked(flinkey)) == {"/cars/1/assignments"}
    assert seen() == [("gone", "windows", 1, None), ("gone", "windows", 2, None)]


def test_the_same_message_again_reads_no_more_than_it_must(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.change("delete_window", window=2)
    for _ in range(3):
        send(told(2), "deleted")
    work()
    assert set(asked(flinkey)) == {"/cars/1/assignments"}
    assert seen() == [("gone", "windows", 2, None)]


def test_a_message_about_our_own_change_is_no_news(clock: Clock, warm: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=0.5)
    step = give(warm)
    clock.advance(2)
    warm.get(f"/operations/{step.operation_id}/")
    send(created(assignmentId=6), "created")  # late: a look was sooner
    work()
    later(warm, clock, "/cars/2/")
    assert seen() == []


NO_CAR: list[Any] = ["x", 0, "0", -1, 1.5, True, None, [], {}, "٣", "1 OR 1=1", 10**19]
NO_WINDOW: list[Any] = ["x", 0, -2, 2.5, True, None, [2], {"id": 2}, 10**30]
NO_CUSTOMER: list[Any] = [3, "x", None, [1], True, 1.5, "1 "]


ODD: list[Any] = [
    *(b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000),
    *({}, {"carId": 2}, {"customerId": 1}, {"customerId": 1, "assignmentId": 999}),
    *(created(carId=value) for value in NO_CAR),
    *(told(value) for value in NO_WINDOW),
    *(created(customerId=value) for value in NO_CUSTOMER),
]


def test_forged_and_odd_messages_read_nothing(clock: Clock, warm: Person, flinkey: Remote) -> None:
    """All in one test, since none leaves anything behind: to warm the copy takes longer than to send them."""
    wrong = []
    for body, event in itertools.product(ODD, ("", "created", "updated", "deleted")):
        Webhook.objects.all().delete()
        answer = send(body, event)
        if (answer.status_code, waiting(), Webhook.objects.count()) != (204, [], 1):
            wrong.append((body, event, answer.status_code, waiting()))
    assert wrong == []


def test_a_message_with_another_secret_reads_nothing(clock: Clock, warm: Person, flinkey: Remote) -> None:
    assert send(told(2), "deleted", secret="guess").status_code == 403
    assert waiting() == []


def test_a_car_that_nobody_has_is_asked_for_and_forgotten(clock: Clock, warm: Person, flinkey: Remote) -> None:
    assert send(created(carId=999)).status_code == 204
    work()
    assert asked(flinkey) == ["/cars/999/assignments"]
    assert (seen(), Window.objects.filter(car_id=999).count()) == ([], 0)


def test_a_message_for_one_customer_reads_nothing_of_another(
    clock: Clock, warm: Person, southerner: Person, flinkey: Remote
) -> None:
    southerner.get("/cars/1/")
    flinkey.change("delete_window", customer=2, window=1)
    clock.advance(1)
    assert send(told(1, customerId=2), "deleted").status_code == 204
    flinkey.clear_requests()
    (args,) = waiting()
    assert args == ["2", "cars/1/windows"]
    work()
    read = [call for call in flinkey.requests() if call["path"] == "/cars/1/assignments"]
    assert {call["headers"]["customer-id"] for call in read} == {"2"}
    assert Window.objects.get(customer__flinkey_id="2", flinkey_id=1).ended_at is not None
    assert Window.objects.get(customer__flinkey_id="1", flinkey_id=1).ended_at is None


def test_a_message_that_comes_while_flinkey_wants_to_be_left_alone_is_kept(
    clock: Clock, warm: Person, flinkey: Remote
) -> None:
    breaker.failed(RateLimited("", "", "", retry_after=60))
    flinkey.change("delete_window", window=2)
    send(told(2), "deleted")
    work()
    clock.advance(59)
    work()
    assert asked(flinkey) == []
    clock.advance(1)
    work()
    assert (asked(flinkey), seen()) == (["/cars/1/assignments"], [("gone", "windows", 2, None)])


def test_a_message_that_comes_while_somebody_reads_what_was_before_is_kept(
    clock: Clock, warm: Person, flinkey: Remote
) -> None:
    customer, now = Customer.objects.get(flinkey_id="1"), timezone.now()
    (name,) = store.claim(customer, ["cars/1/windows"], now, now + dt.timedelta(seconds=12))
    flinkey.change("delete_window", window=2)
    clock.advance(1)
    send(told(2), "deleted")
    work()
    assert asked(flinkey) == []
    Listing.objects.filter(customer=customer, name=name).update(read_at=now, lease_until=None)
    clock.advance(1)
    work()
    assert (asked(flinkey), seen()) == (["/cars/1/assignments"], [("gone", "windows", 2, None)])


def test_what_somebody_has_read_since_a_message_is_not_read_again(clock: Clock, warm: Person, flinkey: Remote) -> None:
    breaker.failed(RateLimited("", "", "", retry_after=5))
    send(told(2), "deleted")
    work()
    clock.advance(5)
    warm.get("/cars/1/?fresh=1")
    flinkey.clear_requests()
    work()
    assert (asked(flinkey), waiting()) == ([], [])


def test_a_list_that_cannot_be_read_is_left_to_the_usual_round_in_the_end(
    clock: Clock, warm: Person, flinkey: Remote
) -> None:
    flinkey.fault("getAssignmentsOfCar", "status", times=-1, status=400)
    sweep.read_soon.enqueue("1", "cars/1/windows", tries=3)
    counts = []
    for _ in range(5):
        work()
        counts.append(times_asked(flinkey)["/cars/1/assignments"])
        clock.advance(61)
    assert (counts, waiting()) == ([1, 2, 3, 3, 3], [])


def test_nobody_signed_in_reads_nothing(clock: Clock, warm: Person, flinkey: Remote) -> None:
    warm.post("/sign-out/")
    assert send(json.dumps(told(2)).encode(), "deleted").status_code == 204
    work()
    assert asked(flinkey) == []

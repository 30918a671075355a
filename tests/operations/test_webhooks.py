"""flinkey's messages are hints: they make it quicker and bring reasons, but only reading back makes a window green."""

import html
import json
import re
from typing import Any

import pytest
from django.core.management import call_command

from flinkey_admin.operations.models import State, Step, Webhook
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.conftest import Person
from tests.operations.stage import (
    Clock,
    assert_plain,
    is_so,
    offers,
    page_of,
    press,
    receipt,
    says,
    visible,
    windows_like,
)
from tests.operations.test_confirmation import row_states, state_of
from tests.operations.windows import CAR, SECRET, SHARED, change, created, give, remove, send, told

NO_BOX = "The car has no product installed."
URLS = ["", "created"]


@pytest.fixture
def quick(clock: Clock, flinkey: Remote) -> Remote:
    """flinkey does its work within half a second, so that a message can be sooner than the first look."""
    flinkey.settings(delay=0.5)
    return flinkey


@pytest.mark.parametrize("event", URLS)
def test_a_message_brings_the_look_forward(clock: Clock, coordinator: Person, quick: Remote, event: str) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    receipt(coordinator)
    assert state_of(step) == State.ACCEPTED, "it is not yet time to look"
    assert send(created(assignmentId=6), event).status_code == 204
    receipt(coordinator)
    assert (state_of(step), step.confirmed_by, step.window_id) == (State.CONFIRMED, "webhook", 6)


@pytest.mark.parametrize(("act", "event"), [(change, "updated"), (change, ""), (remove, "deleted"), (remove, "")])
def test_messages_about_changes_and_removals(
    clock: Clock, coordinator: Person, quick: Remote, act: Any, event: str
) -> None:
    step = act(coordinator)
    clock.advance(0.6)
    assert send(told(2), event).status_code == 204
    receipt(coordinator)
    assert (state_of(step), step.confirmed_by) == (State.CONFIRMED, "webhook")
    assert is_so(quick, step)


@pytest.mark.parametrize(
    ("event", "body"), [("deleted", told(2)), ("updated", told(3)), ("created", created(userId=1))]
)
def test_a_message_about_something_else_is_no_hint(
    clock: Clock, coordinator: Person, quick: Remote, event: str, body: Any
) -> None:
    change(coordinator)
    give(coordinator)
    clock.advance(0.6)
    assert send(body, event).status_code == 204
    assert [step.hint for step in Step.objects.all()] == [None, None]
    assert Webhook.objects.get().step is None


@pytest.mark.parametrize("act", [give, change, remove])
def test_success_said_of_something_that_is_not_there(
    clock: Clock, coordinator: Person, flinkey: Remote, act: Any
) -> None:
    flinkey.settings(delay=1000)
    step = act(coordinator)
    send(created(assignmentId=6) if act is give else told(2))
    for _ in range(5):
        receipt(coordinator)
        clock.advance(30)
    assert state_of(step) == State.ACCEPTED
    assert step.checks > 1


@pytest.mark.parametrize("act", [give, change, remove])
def test_a_failure_comes_with_flinkeys_reason(clock: Clock, coordinator: Person, flinkey: Remote, act: Any) -> None:
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    step = act(coordinator)
    clock.advance(0.6)
    failed = {"operationSucceeded": False, "errorMessage": NO_BOX}
    send(created(**failed) if act is give else told(2, **failed))
    page = receipt(coordinator)
    assert (state_of(step), step.reason, step.detail) == (State.REFUSED, "told", NO_BOX)
    assert says(page, sentences.REASONS["told"])
    assert NO_BOX in page_of(page), "folded away under Details"
    assert NO_BOX not in visible(page)
    assert_plain(page)
    assert not offers(page, "run")


def test_a_failed_window_is_given_again_through_its_form(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    give(coordinator)
    clock.advance(0.6)
    send(created(operationSucceeded=False, errorMessage=NO_BOX))
    (again,) = re.findall(r'href="([^"]*)">Enter it again', page_of(receipt(coordinator)))
    form = page_of(coordinator.get(html.unescape(again)))
    shown = {name: re.findall(rf'name="{name}" value="([^"]*)"', form) for name in ("start", "end", "car", "user")}
    assert shown["start"] + shown["end"] == ["2026-11-27T08:00", "2026-11-27T18:00"]
    assert ["Pool 2" in shown["car"][0], html.unescape(shown["user"][0])[:9]] == [True, "Zoë Groß "]


def test_a_failed_window_stays_in_the_list_for_a_while(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    give(coordinator)
    clock.advance(0.6)
    send(created(operationSucceeded=False, errorMessage=NO_BOX))
    assert sorted(row_states(coordinator)) == ["confirmed", "confirmed", "failed"]
    flinkey.settings(fail_assignments=None)
    clock.advance(10)
    step = give(coordinator)
    clock.advance(2)
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED, "it may be entered again at once"


def test_a_failure_said_of_something_that_is_there_is_not_believed(
    clock: Clock, coordinator: Person, quick: Remote
) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    send(created(operationSucceeded=False, errorMessage=NO_BOX))
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED


@pytest.mark.parametrize("act", [give, change])
def test_a_late_failure_of_an_earlier_try_does_not_end_the_next_one(
    clock: Clock, coordinator: Person, flinkey: Remote, act: Any
) -> None:
    """A message does not say which try it is about; this one came after a person had put the first one aside."""
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    first = act(coordinator)
    clock.advance(301)
    press(coordinator, receipt(coordinator), "close")
    flinkey.settings(fail_assignments=None, delay=5)
    second = act(coordinator)
    failed = {"operationSucceeded": False, "errorMessage": NO_BOX}
    send(created(**failed) if act is give else told(2, **failed))
    receipt(coordinator)
    assert (first.pk != second.pk, state_of(second)) == (True, State.ACCEPTED)
    clock.advance(6)
    receipt(coordinator)
    assert state_of(second) == State.CONFIRMED


@pytest.mark.parametrize("act", [give, change])
def test_the_next_try_may_fail_as_well(clock: Clock, coordinator: Person, flinkey: Remote, act: Any) -> None:
    flinkey.settings(fail_assignments=NO_BOX, delay=0.5)
    failed = {"operationSucceeded": False, "errorMessage": NO_BOX}
    for wait in (11, 61):
        step = act(coordinator)
        send(created(**failed) if act is give else told(2, **failed))
        clock.advance(wait)
        receipt(coordinator)
        assert (state_of(step), step.reason, step.detail) == (State.REFUSED, "told", NO_BOX)
    assert Step.objects.count() == 2


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_messages_out_of_order(clock: Clock, coordinator: Person, quick: Remote, order: tuple[bool, bool]) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    for succeeded in order:
        send(created(operationSucceeded=succeeded, errorMessage=None if succeeded else NO_BOX))
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED


def test_a_repeated_message_only_counts(clock: Clock, coordinator: Person, quick: Remote) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    for _ in range(3):
        assert send(created(assignmentId=6)).status_code == 204
    receipt(coordinator)
    assert state_of(step) == State.CONFIRMED
    assert send(created(assignmentId=6)).status_code == 204
    kept = Webhook.objects.get()
    assert (kept.times, kept.step, kept.event) == (4, step, "")
    assert json.loads(kept.body) == created(assignmentId=6)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_late_message_changes_nothing(clock: Clock, coordinator: Person, flinkey: Remote, *, succeeded: bool) -> None:
    step = give(coordinator)
    clock.advance(2)
    receipt(coordinator)
    settled = Step.objects.values().get()
    clock.advance(60)
    assert send(created(operationSucceeded=succeeded, errorMessage="too late")).status_code == 204
    receipt(coordinator)
    assert Step.objects.values().get() == settled
    assert state_of(step) == State.CONFIRMED


def test_a_message_before_the_answer_is_kept_for_the_step(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """A lost answer: the message is all that is known, and it is still only a hint."""
    flinkey.fault("createAssignment", "reset-after")
    step = give(coordinator)
    assert state_of(step) == State.UNKNOWN
    clock.advance(1.6)
    send(created(assignmentId=6), "created")
    receipt(coordinator)
    assert (state_of(step), step.confirmed_by) == (State.CONFIRMED, "webhook")


@pytest.mark.parametrize("secret", ["wrong", "", None, SECRET + "x", SECRET[:-1], SECRET.upper(), "geheim-ü", "\udcff"])
def test_a_forged_message_changes_nothing(
    clock: Clock, coordinator: Person, flinkey: Remote, secret: str | None
) -> None:
    give(coordinator)
    before = Step.objects.values().get()
    answer = send(created(operationSucceeded=False, errorMessage="forged"), secret=secret)
    assert answer.status_code == 403
    assert_plain(answer)
    assert (Step.objects.values().get(), Webhook.objects.count()) == (before, 0)


@pytest.mark.parametrize("event", ["", "created", "updated", "deleted"])
def test_without_a_secret_of_ours_there_is_no_receiver(visitor: Person, settings: Any, event: str) -> None:
    settings.FLINKEY_WEBHOOK_SECRET = ""
    for secret in ("", SECRET, None):
        assert send(created(), event, secret=secret).status_code == 404
    assert Webhook.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_only_post(visitor: Person, method: str) -> None:
    answer = getattr(visitor, method)(SHARED, headers={"secret": SECRET})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_an_unknown_event_has_no_receiver(visitor: Person) -> None:
    assert send(created(), "renamed").status_code == 404


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 204), (64 * 1024 + 1, 413), (3_000_000, 413)])
def test_the_limit(visitor: Person, size: int, status: int) -> None:
    assert send(b" " * size).status_code == status
    assert Webhook.objects.count() == (status == 204)


SHAPES: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b"[1, 2",
    b'"text"',
    b"12",
    b"{}",
    b'{"customerId": 1}',
    b"not json at all",
    b"\xff\xfe\x00\x01",
    b'{"a": "\x00"}',
    b"[" * 60_000,
    b'{"customerId": 1, "carId": ' + b"9" * 5_000 + b"}",
    b'{"customerId": 1, "carId": 1e400, "userId": NaN}',
    json.dumps(created(carId="2", userId=[5])).encode(),
    json.dumps(created(carId=10**30)).encode(),
    json.dumps(created(start="soon")).encode(),
    json.dumps(created(start=["2026-11-27T07:00:00Z"])).encode(),
    json.dumps(created(end={})).encode(),
    json.dumps(created(customerId={"id": 1})).encode(),
    json.dumps(created(customerId="1 OR 1=1")).encode(),
    json.dumps(told("2; DROP TABLE")).encode(),  # type: ignore[arg-type]
    json.dumps(told(-(10**20))).encode(),
    json.dumps([created()]).encode(),
]


@pytest.mark.parametrize("event", ["", "created", "updated", "deleted"])
def test_unknown_shapes_are_kept_and_harmless(clock: Clock, coordinator: Person, flinkey: Remote, event: str) -> None:
    """One after the other on the same stage, which none of them may change."""
    give(coordinator)
    change(coordinator)
    before = list(Step.objects.values())
    wrong = []
    for number, body in enumerate(SHAPES):
        Webhook.objects.all().delete()
        answer = send(body, event)
        kept = list(Webhook.objects.values_list("body", flat=True))
        wanted = re.sub("[\0\x01]", "\ufffd", body.decode(errors="replace"))
        if (answer.status_code, list(Step.objects.values()), kept) != (204, before, [wanted]):
            wrong.append((number, body[:80], answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "message", ["\ud800", "\0", "x" * 50_000, {"a": 1}, ["b"], 7, True, "<script>alert(1)</script>"]
)
def test_any_reason_can_be_shown(clock: Clock, coordinator: Person, flinkey: Remote, message: Any) -> None:
    flinkey.settings(fail_assignments="x", delay=0.5)
    step = give(coordinator)
    clock.advance(0.6)
    assert send(created(operationSucceeded=False, errorMessage=message)).status_code == 204
    page = receipt(coordinator)
    assert state_of(step) == State.REFUSED
    assert len(step.detail) <= 2000
    assert "<script>alert" not in page_of(page)


def test_the_spelling_of_ids_and_times_is_free(clock: Clock, coordinator: Person, quick: Remote) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    send(created(carId="2", userId="5", start="2026-11-27T07:00:00.000+00:00", end="2026-11-27T18:00:00+01:00"))
    receipt(coordinator)
    assert (state_of(step), step.confirmed_by) == (State.CONFIRMED, "webhook")


def test_the_customer_may_be_a_string(clock: Clock, coordinator: Person, quick: Remote) -> None:
    step = give(coordinator)
    clock.advance(0.6)
    send(created(customerId="1"))
    receipt(coordinator)
    assert step.pk
    assert state_of(step) == State.CONFIRMED


def test_the_same_ids_of_another_customer_are_left_alone(
    clock: Clock, coordinator: Person, southerner: Person, quick: Remote
) -> None:
    ours = give(coordinator, car="2", user="1")
    theirs = give(southerner, car="2", user="1")
    assert (ours.customer.flinkey_id, theirs.customer.flinkey_id) == ("1", "2")
    clock.advance(0.6)
    body = created(userId=1, customerId=2)
    send(body)
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert ours.hint is None
    assert theirs.hint == {"succeeded": True, "message": ""}
    receipt(southerner, theirs.operation)
    receipt(coordinator, ours.operation)
    assert (state_of(ours), state_of(theirs)) == (State.ACCEPTED, State.CONFIRMED)
    assert southerner.get(f"/operations/{ours.operation_id}/").status_code == 404


def test_of_two_equal_windows_each_gets_its_own(clock: Clock, coordinator: Person, quick: Remote) -> None:
    """Another window for the same car and person at another time is not meant."""
    first = give(coordinator)
    second = give(coordinator, end="2026-11-27T19:00")
    clock.advance(0.6)
    send(created(end="2026-11-27T18:00:00Z", assignmentId=7))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.hint, bool(second.hint)) == (None, True)
    assert len(windows_like(quick, first)) == 1
    assert first.car_id == CAR


# The secret before, and whether messages arrive at all ---------------------------------------------------------------


@pytest.mark.parametrize(("old", "status"), [("before", 204), ("", 403), ("befor", 403)])
def test_the_secret_before_is_taken_while_the_portal_is_changed(
    visitor: Person, settings: Any, old: str, status: int
) -> None:
    settings.FLINKEY_WEBHOOK_SECRET_OLD = old
    assert send(told(2), secret="before").status_code == status
    assert send(told(2), secret="").status_code == 403, "no secret is no secret"
    assert send(told(2)).status_code == 204


def test_the_page_says_whether_messages_arrive(
    clock: Clock, coordinator: Person, flinkey: Remote, settings: Any
) -> None:
    assert "Webhooks: none yet. Confirming by reading back." in visible(coordinator.get("/messages/"))
    send(told(2), "updated")
    assert "Webhooks: last received just now." in visible(coordinator.get("/messages/"))
    clock.advance(200)
    page = coordinator.get("/messages/")
    assert "Webhooks: last received 3\xa0minutes ago." in page_of(page)
    assert "http://testserver/webhooks/flinkey/assignments/" in visible(page)
    settings.FLINKEY_WEBHOOK_SECRET = ""
    assert "none are taken" in visible(coordinator.get("/messages/"))


ODD = [
    (b"<b>hello</b>", True),
    (b'{"customerId": 1}', True),
    (b'{"customerId": 1, "assignmentId": 2, "operationSucceeded": "yes"}', True),
    (b'{"customerId": 99, "assignmentId": 2, "operationSucceeded": true}', True),
    (b'{"customerId": 1, "assignmentId": 2, "operationSucceeded": true, "new": [1]}', False),
    (json.dumps(created()).encode(), False),
]


@pytest.mark.parametrize(("body", "is_odd"), ODD)
def test_what_is_not_understood_is_kept_and_shown(
    clock: Clock, coordinator: Person, flinkey: Remote, body: bytes, *, is_odd: bool
) -> None:
    assert send(body).status_code == 204
    assert Webhook.objects.get().body == body.decode()
    page = coordinator.get("/messages/")
    assert f'data-total="{int(is_odd)}"' in page_of(page)
    assert "<b>hello" not in page_of(page)
    assert_plain(page)


def test_nobody_sees_another_customers_messages(
    clock: Clock, coordinator: Person, southerner: Person, flinkey: Remote, capsys: pytest.CaptureFixture[str]
) -> None:
    """What names no customer might be the other one's: only whoever runs the server sees it."""
    send(b'{"customerId": 2, "secret": "of the south"}')
    send(b"of nobody")
    assert "of the south" in page_of(southerner.get("/messages/"))
    for person in (coordinator, southerner):
        assert "of nobody" not in page_of(person.get("/messages/"))
    assert "of the south" not in page_of(coordinator.get("/messages/"))
    assert "none yet" in visible(coordinator.get("/messages/"))
    call_command("webhooks")
    told_all = capsys.readouterr().out
    assert "of the south" in told_all
    assert "of nobody" in told_all

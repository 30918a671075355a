"""The hand-over: what is open, what comes, what was changed today and by whom, and notes from shift to shift."""

import re
from typing import Any

import pytest
from django.utils import timezone

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.fleet.models import Note
from flinkey_admin.operations.models import Operation, Outside, State, Step
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, SOUTHERNER, Person
from tests.fleet.reading import Reader, Tag, reader
from tests.fleet.test_browse_costs import queries
from tests.mirror.stage import caught_up
from tests.operations.conftest import clock  # noqa: F401 - the fixture
from tests.operations.stage import Clock, page_of, says, visible
from tests.operations.windows import give
from tests.stages import Stages

HANDOVER = "/handover/"
DAY = 24 * 3600


def sheet(page: Any, title: str) -> Tag:
    """A part of the page by its heading."""
    (found,) = [tag for tag in reader(page).tags("section") if tag.text.strip().startswith(title)]
    return found


def words(tag: Tag) -> str:
    return " ".join(tag.text.split())


def totals(page: Any) -> dict[str, int]:
    """How many lines each list has, also those that are not shown."""
    lists = reader(page).tags(data_total="")
    names = ["open", "starting", "ending", "today"]
    return dict(zip(names, (int(tag.marks["data-total"]) for tag in lists), strict=True))


def links(page: Reader, start: str) -> list[str]:
    return [tag.marks["href"] for tag in page.tags("a", href="") if tag.marks["href"].startswith(start)]


@pytest.fixture
def shift(clock: Clock, coordinator: Person, flinkey: Remote, stages: Stages) -> Person:  # noqa: F811
    """24 November 2026, 10:00 in Berlin. Of the new windows one starts and ends today, one starts tomorrow at noon."""
    for car, user, start, end in (
        (5, 3, "2026-11-24T13:00:00Z", "2026-11-24T16:00:00Z"),
        (6, 2, "2026-11-25T06:00:00Z", "2026-11-25T09:00:00Z"),  # its end is in 24 hours sharp
        (7, 1, "2026-11-25T11:00:00Z", None),
    ):
        flinkey.change("add_window", car=car, user=user, start=start, end=end)
    stages.look(coordinator, *(f"/cars/{car}/" for car in range(1, 8)))
    return coordinator


# What comes ---------------------------------------------------------------------------------------------------------


def test_windows_of_the_next_24_hours_are_named_and_linked(shift: Person) -> None:
    page = shift.get(HANDOVER)
    starting, ending = reader(page).tags("ol", **{"class": "events"})
    assert "14:00 Geschäftsführung" in words(starting)
    assert "Seán O'Brien" in words(starting)
    assert "Wed 25 Nov, 07:00" in words(starting), "the day stands beside the time where it is not today"
    assert "12:00" not in words(starting), "the day after begins later"
    assert "17:00 Geschäftsführung" in words(ending)
    assert "Wed 25 Nov, 10:00" in words(ending), "else neither this shift nor the next one would read of it"
    assert set(links(reader(page), "/assignments/")) >= {"/assignments/6/", "/assignments/7/"}


def test_the_24_hours_move_on(shift: Person, clock: Clock) -> None:  # noqa: F811
    clock.advance(-1)
    assert "Wed 25 Nov, 10:00" not in words(sheet(shift.get(HANDOVER), "Ending within")), "24 hours and no longer"
    clock.advance(4.5 * 3600 + 1)
    shift.sign_in(COORDINATOR)
    page = shift.get(HANDOVER)
    starting, ending = sheet(page, "Starting within"), sheet(page, "Ending within")
    assert ("14:00" in words(starting), "17:00 Geschäftsführung" in words(ending)) == (False, True), "it has begun"
    assert ("12:00" in words(starting), "Wed 25 Nov, 10:00" in words(ending)) == (True, True)
    clock.advance(2.5 * 3600)
    shift.sign_in(COORDINATOR)
    assert "17:00" not in words(sheet(shift.get(HANDOVER), "Ending within")), "it is over"


def test_a_quiet_day_says_so(clock: Clock, visitor: Person, flinkey: Remote) -> None:  # noqa: F811
    flinkey.reset("empty")
    visitor.sign_in(COORDINATOR)
    text = visible(visitor.get(HANDOVER))
    for sentence in (
        "No notes in the last 7 days.",
        "Everything is done.",
        "Nothing so far. Not all has been read yet.",
        "Nothing was changed today.",
    ):
        assert sentence in text


# What is open -------------------------------------------------------------------------------------------------------


def test_what_waits_or_failed_is_named_with_state_person_and_time(shift: Person, flinkey: Remote) -> None:
    flinkey.settings(delay=1000)
    step = give(shift)
    line = sheet(shift.get(HANDOVER), "Changes unfinished or failed")
    assert words(line) == (
        "Changes unfinished or failed Tue 24 Nov, 10:00 Give Zoë Groß access to Pool 2 · HH-FK 1302"
        " coordinator@nordwind.example Waiting for flinkey"
    )
    assert f"/operations/{step.operation_id}/" in links(reader(shift.get(HANDOVER)), "/operations/")


@pytest.mark.parametrize(
    ("state", "finished", "word"),
    [(State.UNKNOWN, False, "Not known yet"), (State.PLANNED, False, "Not finished"), (State.REFUSED, True, "Refused")],
)
def test_each_way_not_to_be_done_is_listed(shift: Person, *, state: State, finished: bool, word: str) -> None:
    shift.post("/groups/new/", {"name": "Bremen"})
    assert "Everything is done." in visible(shift.get(HANDOVER))
    now = timezone.now()
    Operation.objects.update(state=state, finished_at=now if finished else None)
    Step.objects.update(state=state, settled_at=now if finished else None)
    line = words(sheet(shift.get(HANDOVER), "Changes unfinished or failed"))
    assert line.endswith(f"Create the group Bremen coordinator@nordwind.example {word}")


# What was changed today ---------------------------------------------------------------------------------------------


def test_what_was_changed_today_here_and_elsewhere_newest_first(
    shift: Person,
    flinkey: Remote,
    clock: Clock,  # noqa: F811
) -> None:
    shift.post("/groups/new/", {"name": "Bremen"})
    clock.advance(61)
    flinkey.change("rename_car", car=1, name="Pool Eins")
    caught_up(shift, "/cars/")
    today = sheet(shift.get(HANDOVER), "Changed today, Tuesday 24 November")
    first, second = reader(shift.get(HANDOVER)).tags("ol", **{"class": "story"})[-1].text.split("Tue 24 Nov")[1:]
    assert "Pool Eins · HH-FK 1234 was changed" in first
    assert "changed outside this dashboard, seen 10:01" in " ".join(first.split())
    assert "Create the group Bremen" in second
    assert "coordinator@nordwind.example" in second
    assert words(today).endswith("Done")


def test_yesterday_is_not_today(shift: Person, clock: Clock) -> None:  # noqa: F811
    shift.post("/groups/new/", {"name": "Bremen"})
    clock.advance(DAY)
    shift.sign_in(COORDINATOR)
    assert "Nothing was changed today." in visible(shift.get(HANDOVER))


def test_long_lists_are_cut_and_say_so(shift: Person) -> None:
    person, customer = Manager.objects.get(email=COORDINATOR), Customer.objects.get(flinkey_id="1")
    crowd(customer, person, 20)
    page = shift.get(HANDOVER)
    shown = {name: number for name, number in totals(page).items() if name in {"open", "today"}}
    assert shown == {"open": 20, "today": 40}
    assert words(sheet(page, "Changes unfinished")).endswith("and 10 more · Changes")
    assert words(sheet(page, "Changed today")).endswith("and 30 more · Changes")
    assert len([link for link in links(reader(page), "/operations/") if link != "/operations/"]) >= 10


def crowd(customer: Customer, person: Manager, number: int) -> None:
    """So many open changes of today, as many things seen that others have done, and notes."""
    now = timezone.now()
    for at in range(number):
        facts = {"name": f"Gruppe {at}"}
        operation = Operation.objects.create(
            customer=customer, person=person, kind="create-group", facts=facts, state="unknown", started_at=now
        )
        Step.objects.create(
            operation=operation, customer=customer, position=0, verb="create-group", label="Gruppe", state="unknown"
        )
        Outside.objects.create(customer=customer, seen_at=now, what="new", kind="cars", thing_id=at, label=f"Pool {at}")
        Note.objects.create(customer=customer, person=person, text=f"Zettel {at}", written_at=now)


# Notes --------------------------------------------------------------------------------------------------------------


def test_a_note_stands_on_top_with_who_and_when(shift: Person) -> None:
    answer = shift.post(HANDOVER, {"text": "  Pool 3 is at the garage.\r\nBack on <b>Friday</b>.  "}, follow=True)
    assert answer.redirect_chain == [(HANDOVER, 302)]
    assert says(answer, "Your note stands on top of the shift hand-over.")
    line = words(sheet(answer, "Notes for the next person"))
    assert line.startswith(
        "Notes for the next person Tue 24 Nov, 10:00 Pool 3 is at the garage.Back on <b>Friday</b>. coordinator@"
    )
    assert "garage.<br>Back on &lt;b&gt;Friday&lt;/b&gt;." in page_of(answer)
    assert "<textarea" in page_of(answer)
    assert reader(answer).tags("textarea")[0].text.strip() == "", "the next form is empty"


def test_the_last_five_of_the_last_seven_days(shift: Person, clock: Clock) -> None:  # noqa: F811
    shift.post(HANDOVER, {"text": "Zettel 0"})
    clock.advance(7 * DAY)
    shift.sign_in(COORDINATOR)
    assert "Zettel" not in visible(shift.get(HANDOVER))
    for number in range(1, 7):
        clock.advance(1)
        shift.post(HANDOVER, {"text": f"Zettel {number}"})
    found = re.findall(r"Zettel (\d)", visible(shift.get(HANDOVER)))
    assert found == ["6", "5", "4", "3", "2"]


@pytest.mark.parametrize("text", ["", "   \r\n \t"])
def test_an_empty_note_is_refused(shift: Person, text: str) -> None:
    answer = shift.post(HANDOVER, {"text": text})
    assert answer.status_code == 422
    assert says(answer, "Type a note first.")
    assert shift.post(HANDOVER).status_code == 422
    assert not Note.objects.exists()


def test_a_note_too_long_is_refused_and_not_lost(shift: Person) -> None:
    """A browser sends each new line as two characters; a person has typed one."""
    text = "a" * 1000 + "\r\n" + "b" * 1000
    answer = shift.post(HANDOVER, {"text": text})
    assert answer.status_code == 422
    assert says(answer, "A note has room for 2000 characters; this one has 2001.")
    (field,) = Reader(page_of(answer)).tags("textarea")
    assert field.text.split() == ["a" * 1000, "b" * 1000]
    assert "maxlength" not in field.marks, "or the browser would cut off what is pasted without a word"
    assert shift.post(HANDOVER, {"text": text[:-1]}).status_code == 302


def test_a_button_pressed_twice_leaves_one_note(shift: Person, clock: Clock) -> None:  # noqa: F811
    for _press in range(2):
        assert shift.post(HANDOVER, {"text": "Pool 3 is at the garage."}).status_code == 302
    assert Note.objects.count() == 1
    clock.advance(61)
    shift.post(HANDOVER, {"text": "Pool 3 is at the garage."})
    assert Note.objects.count() == 2, "said again, for instance by the next shift"


def test_what_was_typed_survives_the_end_of_the_session(shift: Person, clock: Clock) -> None:  # noqa: F811
    clock.advance(3600)
    assert shift.post(HANDOVER, {"text": "Pool 3 is at the garage."}).headers["Location"].startswith("/sign-in/")
    shift.sign_in(COORDINATOR)
    page = shift.get(HANDOVER)
    assert reader(page).tags("textarea")[0].text.strip() == "Pool 3 is at the garage."
    assert not Note.objects.exists(), "nothing is sent by itself"


def test_notes_go_as_the_history_does(shift: Person, clock: Clock, settings: Any) -> None:  # noqa: F811
    settings.RETENTION_DAYS = 30
    shift.post(HANDOVER, {"text": "old"})
    clock.advance(30 * DAY)
    shift.sign_in(COORDINATOR)
    shift.post(HANDOVER, {"text": "new"})
    assert Note.objects.count() == 2
    clock.advance(1)
    shift.post(HANDOVER, {"text": "newer"})
    assert set(Note.objects.values_list("text", flat=True)) == {"new", "newer"}


# Whose it is, and what it costs -------------------------------------------------------------------------------------


def test_a_colleague_reads_it_and_another_customer_does_not(shift: Person) -> None:
    shift.post(HANDOVER, {"text": "Kanarienvogel"})
    shift.post("/groups/new/", {"name": "Kanarienvogel"})
    colleague, stranger = Person(), Person()
    colleague.sign_in(BOTH)
    colleague.post("/customers/", {"customer": "1"})
    assert page_of(colleague.get(HANDOVER)).count("Kanarienvogel") == 2
    stranger.sign_in(SOUTHERNER)
    assert stranger.get(HANDOVER).status_code == 200
    assert "Kanarienvogel" not in page_of(stranger.get(HANDOVER))
    stranger.post(HANDOVER, {"text": "Meise"})
    assert "Meise" not in page_of(shift.get(HANDOVER))


def test_an_open_page_hears_of_a_note_and_of_nothing_else(shift: Person) -> None:
    shift.look(HANDOVER)
    page = shift.get(HANDOVER)
    assert shift.poll(page).status_code == 204
    colleague = Person()
    colleague.sign_in(BOTH)
    colleague.post("/customers/", {"customer": "1"})
    colleague.post(HANDOVER, {"text": "Pool 3 is at the garage."})
    news = page_of(shift.poll(page))
    assert "Pool 3 is at the garage." in news
    assert "<textarea" not in news, "what somebody is typing stays"


def test_it_costs_the_database_the_same_for_few_and_for_a_hundred(
    shift: Person,
    flinkey: Remote,
    clock: Clock,  # noqa: F811
) -> None:
    """Six open changes are where the tray in the head of every page begins to count."""
    person, customer = Manager.objects.get(email=COORDINATOR), Customer.objects.get(flinkey_id="1")
    crowd(customer, person, 6)
    shift.look(HANDOVER)
    few = queries(shift, HANDOVER)
    crowd(customer, person, 100)
    for _number in range(100):
        flinkey.change("add_window", car=1, user=1, start="2026-11-24T12:00:00Z", end="2026-11-24T15:00:00Z")
    clock.advance(61)
    caught_up(shift, "/cars/1/")
    caught_up(shift, HANDOVER)
    assert totals(shift.get(HANDOVER))["starting"] > 100
    assert queries(shift, HANDOVER) == few
    assert len(few) <= 12, few

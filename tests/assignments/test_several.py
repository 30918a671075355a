"""Several people or cars in one form, and a window copied to next week: filled in, reviewed, one change, one undo."""

import datetime as dt
import html
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.assignments import windows
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.assignments.test_acts import shapes
from tests.assignments.test_series_pages import done, lines
from tests.conftest import Person
from tests.operations.stage import Clock, assert_plain, page_of, press, visible
from tests.operations.windows import MARK

NEW = "/assignments/several/"
FORM: dict[str, Any] = {
    "users": "Zoë Groß\nAyşe Öztürk",
    "cars": "Pool 2\nPool 4",
    "start": "2026-11-25T08:00",
    "end": "2026-11-25T18:00",
    "clash": "skip",
}


def asked(person: Person, **other: Any) -> Any:
    return person.post(NEW, {**FORM, **other}, follow=True)


def values(page: Any) -> dict[str, str]:
    """What the fields of a form show."""
    inputs = re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page_of(page))
    areas = re.findall(r'<textarea name="(\w+)"[^>]*>\s*([^<]*)</textarea>', page_of(page))
    return {name: html.unescape(text).strip() for name, text in [*inputs, *areas]}


# Several ------------------------------------------------------------------------------------------------------------


def test_two_people_get_two_cars_as_one_change(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    before = shapes(flinkey)
    page = asked(coordinator)
    assert "Give 2 users access to 2 cars?" in visible(page)
    assert "2 people may open each car at the same time." in visible(page)
    assert len(lines(page)) == 4
    assert lines(page)[0] == "Zoë Groß → Pool 2 · HH-FK 1302 from Wed 25 Nov, 08:00 until Wed 25 Nov, 18:00"
    assert "4 steps at flinkey" in visible(page)
    assert_plain(page)
    assert shapes(flinkey) == before, "nothing is sent before the yes"

    page = done(clock, coordinator, page)
    assert "All 4 done." in visible(page)
    fresh = [one for one in shapes(flinkey) if one not in before]
    times = ("2026-11-25T07:00:00Z", "2026-11-25T17:00:00Z")
    assert [one[:4] for one in fresh] == [(2, 2, *times), (2, 5, *times), (4, 2, *times), (4, 5, *times)]
    assert Operation.objects.count() == 1

    review = press(coordinator, page, "back")
    assert "Remove the access of 2 users to 2 cars?" in visible(review)
    done(clock, coordinator, review)
    assert shapes(flinkey) == before


def test_one_person_gets_several_cars_without_end(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = asked(coordinator, users="Zoë Groß", end="")
    assert "Give Zoë Groß access to 2 cars?" in visible(page)
    assert 'href="/users/5/"' in page_of(page), "cancelling leads to the person"
    done(clock, coordinator, page)
    mine = [one for one in flinkey.state(1)["windows"] if one["userId"] == 5]
    assert sorted((one["carId"], one["end"]) for one in mine if one["start"] == "2026-11-25T07:00:00Z") == [
        (2, None),
        (4, None),
    ]


def test_conflicts_are_named_before_the_yes(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    """Jörg has Pool 1 without end."""
    both = {"users": "Zoë Groß", "cars": "Pool 1\nPool 4"}
    page = asked(coordinator, **both)
    assert [one for one in lines(page) if "Pool 1" in one] == [
        "Zoë Groß → Pool 1 · HH-FK 1234, Wed 25 Nov, 08:00: Jörg Müller may open it then left out"
    ]
    page = asked(coordinator, **both, clash="give")
    assert len(lines(page)) == 2
    assert (
        "1 access is given though somebody else may open the car at the same time: "
        "Zoë Groß → Pool 1 · HH-FK 1234, Wed 25 Nov, 08:00 (Jörg Müller)." in visible(page)
    )
    page = asked(coordinator, users="Zoë Groß", cars="Pool 1")
    assert page.status_code == 422
    assert "Jörg Müller may open it then" in visible(page)
    assert values(page)["users"] == "Zoë Groß"


def test_the_receipt_says_why_something_was_left_out(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    receipt = visible(done(clock, coordinator, asked(coordinator, users="Zoë Groß", cars="Pool 1\nPool 4")))
    assert "Jörg Müller may open it then left out" in receipt
    assert "already so" not in receipt


def test_what_somebody_else_got_since_the_review_is_left_out(
    clock: Clock, coordinator: Person, flinkey: Remote
) -> None:
    page = asked(coordinator, users="Zoë Groß")
    clock.advance(11)
    meanwhile = {"car": 4, "user": 3, "start": "2026-11-25T08:00:00Z", "end": "2026-11-25T09:00:00Z"}
    flinkey.change("add_window", **meanwhile)
    again = press(coordinator, page, "run")
    assert again.status_code == 409
    assert flinkey.requests("createAssignment") == []
    assert len([one for one in lines(again) if one.endswith("left out")]) == 1
    before = len(shapes(flinkey))
    done(clock, coordinator, again)
    assert len(shapes(flinkey)) == before + 1


def test_a_slip_in_the_times_is_asked_about(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    page = asked(coordinator, start="2026-11-20T08:00", end="2027-02-20T08:00")
    assert page.status_code == 422
    assert "It starts in the past" in visible(page)
    assert "That is a long time" in visible(page)
    page = asked(coordinator, start="2026-11-20T08:00", end="2027-02-20T08:00", yes=MARK.findall(page_of(page)))
    assert "Give 2 users access to 2 cars?" in visible(page)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"users": "Nobody Known"}, "Not found: “Nobody Known”."),
        ({"users": ""}, "For whom?"),
        ({"cars": ""}, "Which cars?"),
        ({"start": "soon"}, "This is no date and time."),
        ({"start": ""}, "From when?"),
        ({"end": "2026-11-25T07:00"}, "The end must come after the start."),
        ({"start": "2027-03-28T02:30", "end": ""}, "This time does not exist"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    clock: Clock, coordinator: Person, wrong: dict[str, str], words: str
) -> None:
    page = asked(coordinator, **wrong)
    assert page.status_code == 422
    assert words in visible(page)
    typed = {name: text for name, text in {**FORM, **wrong}.items() if name != "clash"}
    assert typed.items() <= values(page).items()
    assert Operation.objects.count() == 0


@override_settings(SERIES_WINDOWS=3)
def test_one_yes_has_a_ceiling(clock: Clock, coordinator: Person) -> None:
    assert "That would be 4 accesses" in visible(asked(coordinator))


def test_the_form_sent_twice_is_one_plan(clock: Clock, coordinator: Person) -> None:
    nonce = "7d2f3f5e-5b0e-4b4b-9a0e-0d5a0f3f2b11"
    asked(coordinator, nonce=nonce)
    asked(coordinator, nonce=nonce)
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "field", "filled"),
    [
        ("/cars/give/", "cars", ["Pool 3", "Pool 4"]),
        ("/users/give/", "users", ["Seán O'Brien", "nachtwache@nordwind.example"]),
    ],
)
def test_ticked_rows_fill_the_form(
    clock: Clock, coordinator: Person, address: str, field: str, filled: list[str]
) -> None:
    page = coordinator.post(address, {"id": ["3", "4"]}, follow=True)
    assert page.status_code == 200
    shown = values(page)
    assert [line.split(" · ")[0] for line in shown[field].splitlines()] == filled
    assert coordinator.post(NEW, {**FORM, field: shown[field]}).status_code == 302, "it is understood as it stands"


def test_what_cannot_be_ticked(clock: Clock, coordinator: Person) -> None:
    assert "Nothing was ticked." in visible(coordinator.post("/cars/give/", follow=True))
    many = {"id": [str(number) for number in range(1, 202)]}
    assert "At most 200 at once." in visible(coordinator.post("/users/give/", many, follow=True))
    for kind in ("cars", "users"):
        assert f'formaction="/{kind}/give/"' in page_of(coordinator.get(f"/{kind}/"))
        assert f'formaction="/{kind}/give/"' in page_of(coordinator.get(f"/groups/1/{kind}/"))
    assert "/give/" not in page_of(coordinator.get("/services/"))


def test_a_group_and_all_that_was_selected(clock: Clock, coordinator: Person, southerner: Person) -> None:
    page = asked(coordinator, users="", user_group="1", cars="Pool 4")
    assert "Give 3 users access to Pool 4 · HH-NW 91?" in visible(page)
    assert "Everyone in Hamburg: the 3 people who are in it now." in visible(page)
    asking = coordinator.post("/cars/select/?q=Pool")
    key = re.findall(r"selection=([^&]+)", asking["Location"])[0]
    page = coordinator.post("/cars/give/", {"selection": key}, follow=True)
    assert "Pool 1" in values(page)["cars"]
    assert southerner.post("/cars/give/", {"selection": key}, follow=True).status_code in {200, 404}
    assert "Pool 1" not in page_of(southerner.post("/cars/give/", {"selection": key}, follow=True))


# Copy to next week --------------------------------------------------------------------------------------------------


def test_a_copy_is_the_form_of_a_new_one(clock: Clock, coordinator: Person, flinkey: Remote) -> None:
    flinkey.change(
        "add_window",
        car=4,
        user=5,
        start="2026-11-24T08:00:00Z",
        end="2026-11-24T12:30:00Z",
        lifetime=864_000,
        renewable_after=259_200,
    )
    number = flinkey.state(1)["windows"][-1]["id"]
    before = shapes(flinkey)
    row = page_of(coordinator.look("/cars/4/"))
    (link,) = re.findall(rf'href="(/assignments/new/\?copy={number}[^"]*)"', row)
    page = coordinator.get(html.unescape(link))
    shown = values(page)
    assert (shown["start"], shown["end"]) == ("2026-12-01T09:00", "2026-12-01T13:30")
    assert (shown["car"].split(" · ")[0], shown["user"].split(" · ")[0]) == ("Pool 4", "Zoë Groß")
    assert re.search(r'<option value="864000" selected', page_of(page))
    assert shapes(flinkey) == before

    form = {**shown, "lifetime": "864000", "renewable_after": "259200"}
    assert coordinator.post("/assignments/new/", form)["Location"] == "/cars/4/#windows"
    clock.advance(3)
    coordinator.get("/cars/4/")
    (fresh,) = [one for one in shapes(flinkey) if one not in before]
    assert fresh == (4, 5, "2026-12-01T08:00:00Z", "2026-12-01T12:30:00Z", 864_000, 259_200)
    assert f'href="/assignments/new/?copy={number}"' in page_of(coordinator.get(f"/assignments/{number}/act/"))


def test_nobody_copies_what_is_anothers(clock: Clock, coordinator: Person, southerner: Person) -> None:
    assert coordinator.get("/assignments/new/?copy=4").status_code == 200
    assert southerner.get("/assignments/new/?copy=4").status_code == 404
    assert coordinator.get("/assignments/new/?copy=x").status_code == 200


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        # over the end of summer time: an hour more in UTC, the same on the wall
        ("2026-10-20T06:00", "2026-10-20T16:00", ("2026-10-27T08:00", "2026-10-27T18:00")),
        ("2027-03-24T07:00", None, ("2027-03-31T08:00", "")),
        # over for three weeks: the first week in which it is not
        ("2026-09-22T06:00", "2026-09-22T16:00", ("2026-10-20T08:00", "2026-10-20T18:00")),
    ],
)
def test_a_week_later_by_the_clock_on_the_wall(start: str, end: str | None, wanted: tuple[str, str]) -> None:
    now = dt.datetime(2026, 10, 20, 9, 0, tzinfo=dt.UTC)
    first, last = (dt.datetime.fromisoformat(f"{at}+00:00") if at else None for at in (start, end))
    assert first
    assert windows.next_week(first, last, now, BERLIN) == wanted


@given(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis wants bare ones
    st.timedeltas(dt.timedelta(minutes=1), dt.timedelta(days=60)),
    st.timedeltas(dt.timedelta(days=-200), dt.timedelta(days=200)),
    st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_a_copy_has_the_same_times_and_is_not_over(
    start: dt.datetime, length: dt.timedelta, ago: dt.timedelta, zone: ZoneInfo
) -> None:
    first = start.replace(microsecond=0, tzinfo=dt.UTC)
    last, now = first + length, first + ago
    texts = windows.next_week(first, last, now, zone)
    for text, was in zip(texts, (first, last), strict=True):
        local = was.astimezone(zone).replace(tzinfo=None, microsecond=0)
        later = windows.parse(text) - local
        assert later >= dt.timedelta(days=7)
        assert later % dt.timedelta(days=7) == dt.timedelta(0), "the same day of the week, the same time"
    assert windows.parse(texts[1]).replace(tzinfo=zone).astimezone(dt.UTC) > now - dt.timedelta(hours=2)

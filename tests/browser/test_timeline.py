"""The timeline in a browser: bars to the pixel, by keyboard and by hand, on paper, without scripts."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open, sign_in
from tests.browser.test_keyboard import tab_to

NOTE = "#drag-note"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def noon() -> dt.datetime:
    """Wednesday of next week, 12:00 in Berlin: nothing of it is over, and none of the yard's windows ends on it."""
    today = timezone.localdate()
    day = today + dt.timedelta(days=9 - today.weekday())
    return dt.datetime.combine(day, dt.time(12), timezone.get_current_timezone())


@pytest.fixture
def week(page: Page, flinkey: Remote, noon: dt.datetime) -> Iterator[Page]:
    """Next week's timeline. Car 7 has a window on Wednesday from 12:00 to 18:00: number 6."""
    flinkey.change(
        "add_window", car=7, user=1, **{name: utc(at) for name, at in (("start", noon), ("end", noon + 6 * HOUR))}
    )
    sign_in(page)
    page.goto(address(noon))
    expect(page.locator("#w6")).to_be_visible()
    yield page


def utc(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def address(noon: dt.datetime) -> str:
    return f"/timeline/?from={noon.date() - dt.timedelta(days=2)}"


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found
    return found


def typed(page: Page) -> dict[str, str]:
    """What the form shows."""
    return {name: page.locator(f'[name="{name}"]').input_value() for name in ("car", "user", "start", "end")}


def drag(page: Page, bar: Locator, *, x: float = 0.0, at: float = 0.5, to: Locator | None = None) -> None:
    """Takes a bar at a share of its width and carries it so many pixels to the right, into another row perhaps.

    A person's mouse is on its way for longer than what it brings (timeline.js).
    """
    place = box(bar)
    left, top = place["x"] + place["width"] * at, place["y"] + place["height"] / 2
    page.mouse.move(left, top)
    expect(page.locator(".field[data-drag]")).to_be_attached()
    page.mouse.down()
    page.mouse.move(left + x / 2, top, steps=3)
    down = box(to)["y"] + box(to)["height"] / 2 if to else top
    page.mouse.move(left + x, down, steps=3)


def hours(page: Page, count: float) -> float:
    """How many pixels so many hours are."""
    return box(page.locator("#row-7 .lane").first)["width"] * count / 168


def test_bars_stand_where_their_minutes_are(week: Page) -> None:
    lane, bar = box(week.locator("#row-7 .lane").first), box(week.locator("#w6"))
    assert abs(bar["x"] - lane["x"] - lane["width"] * 60 / 168) < 1
    assert abs(bar["width"] - lane["width"] * 6 / 168) < 1
    stripe = box(week.locator("#now .stripe").nth(2))
    assert abs(stripe["x"] - lane["x"] - lane["width"] * 48 / 168) < 1
    assert stripe["height"] > box(week.locator("#list"))["height"] - 2


def test_by_keyboard_a_bar_is_reached_says_all_and_opens_its_form(week: Page, noon: dt.datetime) -> None:
    bar = week.locator("#w6")
    tab_to(week, bar, 80)
    caption = bar.evaluate("bar => getComputedStyle(bar, '::after').content")
    assert "Jörg Müller · Coming, Neuzugang, Wed" in caption
    assert "12:00" in caption
    expect(bar).to_have_accessible_name(
        re.compile("^Jörg Müller · Coming, Neuzugang, Wed .* 12:00 . 18:00, Confirmed$")
    )
    week.keyboard.press("Escape")
    assert bar.evaluate("bar => getComputedStyle(bar, '::after').content") == "none"
    week.keyboard.press("Enter")
    expect(week).to_have_url(re.compile(r"/assignments/6/\?next=/timeline/"))


def test_what_drags_comes_with_a_hand_and_takes_what_that_has_done_meanwhile(week: Page) -> None:
    """Until then nothing of it is on its way; what is pressed while it is on its way is not lost."""
    loaded = "performance.getEntriesByType('resource').map((one) => one.name).join()"
    assert not re.search(r"timeline\.js|hand\.css", week.evaluate(loaded))
    coming: list[Route] = []
    week.route("**/timeline*.js", lambda route: coming.extend([route]))
    place = box(week.locator("#w6"))
    week.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    week.mouse.down()
    week.mouse.move(place["x"] + hours(week, 24), place["y"] + place["height"] / 2, steps=2)
    while not coming:
        week.wait_for_timeout(20)
    assert week.locator(".ghost").count() == 0
    coming[0].continue_()
    week.unroute("**/timeline*.js")
    expect(week.locator(".ghost")).to_be_visible()
    expect(week.locator(NOTE)).to_have_css("position", "fixed")
    week.mouse.up()
    expect(week).to_have_url(re.compile(r"/assignments/6/\?.*start_by="))


def test_a_gap_opens_the_form_filled_in(week: Page, noon: dt.datetime) -> None:
    week.locator("#row-7 .gap").last.click()
    assert typed(week) == {
        "car": "Neuzugang",
        "user": "",
        "start": f"{noon + 6 * HOUR:%Y-%m-%dT%H:%M}",
        "end": f"{noon + 108 * HOUR:%Y-%m-%dT%H:%M}",
    }


def test_dragging_moves_and_nothing_is_sent_before_a_yes(week: Page, flinkey: Remote, noon: dt.datetime) -> None:
    drag(week, week.locator("#w6"), x=hours(week, 24.05))
    lane, ghost = box(week.locator("#row-7 .lane").first), box(week.locator(".ghost"))
    assert abs(ghost["x"] - lane["x"] - lane["width"] * 84 / 168) < 1
    expect(week.locator(NOTE)).to_contain_text("Thu")
    expect(week.locator(NOTE)).to_contain_text("12:00 \u2013 ")
    week.mouse.up()
    expect(week).to_have_url(re.compile(r"/assignments/6/\?.*start_by=1440&end_by=1440"))
    later = noon + dt.timedelta(days=1)
    assert typed(week) == {
        "car": "Neuzugang",
        "user": "Jörg Müller · joerg.mueller@nordwind.example",
        "start": f"{later:%Y-%m-%dT%H:%M}",
        "end": f"{later + 6 * HOUR:%Y-%m-%dT%H:%M}",
    }
    assert flinkey.requests("updateAssignment") == []
    week.get_by_role("button", name="Save").click()
    expect(week).to_have_url(re.compile("/timeline/"))
    assert len(flinkey.requests("updateAssignment")) == 1


def test_dragging_into_another_row_changes_the_car(week: Page, flinkey: Remote) -> None:
    drag(week, week.locator("#w6"), x=0.0, to=week.locator("#row-6"))
    expect(week.locator(NOTE)).to_contain_text("Werkstattersatz")
    week.mouse.up()
    expect(week).to_have_url(re.compile(r"car=6$"))
    assert typed(week)["car"].startswith("Werkstattersatz")
    week.get_by_role("button", name="Save").click()
    expect(week).to_have_url(re.compile("/timeline/"))
    (sent,) = flinkey.requests("updateAssignment")
    assert [one["path"] for one in sent["body"]] == ["/carId"]


@pytest.mark.parametrize(("at", "wanted"), [(0.02, (2, 6)), (0.98, (0, 8))])
def test_dragging_an_end_stretches(week: Page, noon: dt.datetime, at: float, wanted: tuple[int, int]) -> None:
    week.goto(f"/timeline/?from={noon.date()}&days=1")
    drag(week, week.locator("#w6"), x=box(week.locator("#row-7 .lane").first)["width"] * 2 / 24, at=at)
    week.mouse.up()
    expect(week).to_have_url(re.compile("_by=120"))
    assert (typed(week)["start"], typed(week)["end"]) == tuple(
        f"{noon + hours * HOUR:%Y-%m-%dT%H:%M}" for hours in wanted
    )


def test_escape_and_a_click_leave_it_as_it_is(week: Page) -> None:
    drag(week, week.locator("#w6"), x=hours(week, 30))
    week.keyboard.press("Escape")
    expect(week.locator(NOTE)).to_be_hidden()
    week.mouse.up()
    expect(week.locator(".ghost")).to_have_count(0)
    expect(week).to_have_url(re.compile("/timeline/"))
    week.goto(week.url)
    week.locator("#w6").click()
    expect(week).to_have_url(re.compile(r"/assignments/6/\?next=[^&]*$"))


def test_by_keyboard_a_bar_moves_stretches_and_changes_its_row(week: Page, noon: dt.datetime) -> None:
    week.locator("#w6").focus()
    for pressed in ("m", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        week.keyboard.press(pressed)
    expect(week.locator(NOTE)).to_contain_text("12:30 \u2013 ")
    expect(week.locator(NOTE)).to_contain_text("18:45")
    week.keyboard.press("Enter")
    expect(week).to_have_url(re.compile(r"start_by=30&end_by=45&car="))
    assert typed(week)["start"] == f"{noon + HOUR / 2:%Y-%m-%dT%H:%M}"
    assert typed(week)["end"] == f"{noon + 6.75 * HOUR:%Y-%m-%dT%H:%M}"


def test_dragging_can_be_turned_off_and_stays_off(week: Page) -> None:
    week.get_by_label("Bars can be dragged").uncheck()
    week.reload()
    expect(week.get_by_label("Bars can be dragged")).not_to_be_checked()
    drag(week, week.locator("#w6"), x=hours(week, 24))
    expect(week.locator(".ghost")).to_have_count(0)
    week.mouse.up()
    week.locator("#w6").focus()
    week.keyboard.press("m")
    expect(week.locator(NOTE)).to_be_hidden()


def test_a_finger_drags_after_a_long_press(open_window: Open, noon: dt.datetime, week: Page) -> None:
    page = open_window(base_url=week.url.split("/timeline")[0], has_touch=True).new_page()
    sign_in(page)
    page.goto(address(noon))
    place = box(page.locator("#w6"))
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, at: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": at, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", x)
    expect(page.locator(".ghost")).to_be_visible()
    for share in (0.3, 0.7, 1.0):
        finger("touchMove", x + hours(page, 24) * share)
    finger("touchEnd", x)
    expect(page).to_have_url(re.compile(r"start_by=14\d\d&end_by=14\d\d"))


def test_it_prints_on_a4_landscape_as_wide_as_the_paper(week: Page) -> None:
    week.emulate_media(media="print")
    for pressed in (".range nav", ".gap", ".hint", ".filters", ".side"):
        assert [one for one in week.locator(pressed).all() if one.is_visible()] == [], pressed
    printed = week.pdf(prefer_css_page_size=True, print_background=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", printed)
    assert [(round(float(wide)), round(float(high))) for wide, high in sizes] == [(842, 595)]
    week.set_viewport_size({"width": 1047, "height": 718})  # what 10 mm of margin leave
    assert week.evaluate("document.documentElement.scrollWidth") <= 1047


def test_without_scripts_it_is_all_there(
    open_window: Open, complaints: Complaints, week: Page, noon: dt.datetime
) -> None:
    page = open_window(base_url=week.url.split("/timeline")[0], java_script_enabled=False).new_page()
    complaints.listen(page)
    sign_in(page)
    page.goto(address(noon))
    assert abs(box(page.locator("#w6"))["x"] - box(week.locator("#w6"))["x"]) < 1
    expect(page.get_by_label("Bars can be dragged")).to_be_hidden()
    page.get_by_role("link", name="Earlier").click()
    page.get_by_role("link", name="Month").click()
    page.get_by_role("link", name="Users", exact=True).last.click()
    expect(page.locator("tr[data-id]")).to_have_count(5)

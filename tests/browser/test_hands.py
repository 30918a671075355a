"""Every hand: the shortcuts, the palette, rows that are dragged onto a group."""

import re

from playwright.sync_api import FloatRect, Locator, Page, expect

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Held, members, tick
from tests.browser.test_every_page import measure
from tests.browser.test_ticks import ticked

MOVE = "Move 2 cars from Hamburg to Berlin?"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def arrive(page: Page, heading: str | re.Pattern[str]) -> None:
    """The page with this heading is there, and its scripts are."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()


def test_two_cars_move_to_another_group_by_eleven_keys(desk: Page, flinkey: Remote) -> None:
    press(desk, "ArrowDown")
    expect(desk.get_by_role("link", name="Berlin", exact=True)).to_be_focused()
    press(desk, "j", "Enter")
    arrive(desk, "Hamburg")
    press(desk, "j")
    expect(desk.get_by_role("link", name="Pool 1")).to_be_focused()
    press(desk, "x", "j", "x", "m")
    arrive(desk, "Move 2 cars from Hamburg to…")
    press(desk, "j")
    expect(desk.get_by_role("radio", name="Berlin")).to_be_checked()
    press(desk, "Control+Enter")
    arrive(desk, MOVE)
    assert not Operation.objects.exclude(state="planned").exists()
    press(desk, "Control+Enter")
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 2)) == ([3, 4], [1, 2, 5, 6])


def test_rows_are_walked_and_ticked_and_no_key_fires_while_somebody_types(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    press(desk, "ArrowDown")
    expect(desk.get_by_role("link", name="Pool 1")).to_be_focused()
    press(desk, "x", "End")
    expect(desk.get_by_role("link", name="Pool 4")).to_be_focused()
    press(desk, "ArrowUp", "Shift+x")
    assert ticked(desk) == ["1", "2", "3"]
    expect(desk.locator("[data-selected-count]")).to_have_text("3")
    press(desk, "Home", "x")
    assert ticked(desk) == ["2", "3"]

    press(desk, "/")
    expect(desk.locator("#find")).to_be_focused()
    desk.keyboard.type("?ggx")
    expect(desk.locator("#find")).to_have_value("?ggx")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert ticked(desk) == ["2", "3"]
    expect(desk).to_have_url(re.compile("/groups/1/cars/$"))


def test_the_shortcuts_are_listed_and_single_keys_can_be_turned_off(desk: Page) -> None:
    press(desk, "?")
    dialog = desk.get_by_role("dialog", name="Shortcuts")
    expect(dialog.get_by_text("Move what is ticked to another group")).to_be_visible()
    assert measure(desk) == {}
    press(desk, "g", "c")  # a dialog is open
    dialog.get_by_role("checkbox", name="Shortcuts of a single key").uncheck()
    press(desk, "Escape")
    expect(dialog).to_be_hidden()
    expect(desk).to_have_url(re.compile("/groups/$"))

    desk.reload()
    press(desk, "?", "g", "c", "j", "/")
    press(desk, "Control+k")  # this one goes on, and leads to the switch
    expect(desk.get_by_role("dialog")).to_have_accessible_name("Find and do anything")
    desk.keyboard.type("shortc")
    press(desk, "Enter")
    dialog.get_by_role("checkbox", name="Shortcuts of a single key").check()
    press(desk, "Escape")
    desk.keyboard.type("gc")
    arrive(desk, "Cars")
    desk.goto("/help/")
    press(desk, "?")  # whatever ids a page has
    expect(dialog).to_be_visible()
    press(desk, "Escape")
    desk.get_by_role("link", name="Shortcuts").click()
    arrive(desk, "Shortcuts")  # the same as a page, for whoever knows no key yet
    assert measure(desk) == {}


def test_the_palette_finds_pages_things_and_acts(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 2")
    press(desk, "Control+k")
    field = desk.get_by_role("combobox", name="Find and do anything")
    expect(field).to_be_focused()
    option = desk.get_by_role("option", selected=True)
    expect(option).to_have_text("Move to… (2 selected)")
    press(desk, "ArrowUp")
    expect(option).to_have_text("Help")
    field.fill("müller")
    expect(option).to_have_text(re.compile("Jörg Müller"))
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "none")
    assert measure(desk) == {}
    field.fill("ADD ALSO")
    expect(option).to_have_text("Also add to… (2 selected)")
    press(desk, "Enter")
    arrive(desk, "Also add 2 cars of Hamburg to…")

    press(desk, "Control+k")
    desk.keyboard.type("mueller")  # the first of it while the palette is still being fetched
    desk.get_by_role("option", name="End all access of Jörg Müller").click()
    arrive(desk, re.compile("^End all access of Jörg Müller"))
    press(desk, "Control+k")
    desk.keyboard.type("hhnw88")
    expect(option).to_have_text(re.compile("^Pool 3"))
    press(desk, "ArrowDown", "Enter")
    arrive(desk, "Give access")
    expect(desk.locator("[name=car]")).to_have_value(re.compile("Pool 3"))
    press(desk, "Control+k")
    desk.keyboard.type("hhnw91")
    press(desk, "Enter")  # before the hits have come
    arrive(desk, re.compile("^Pool 4"))


def test_enter_opens_no_hit_of_what_was_typed_before(desk: Page) -> None:
    press(desk, "Control+k")
    field, option = desk.get_by_role("combobox"), desk.get_by_role("option", selected=True)
    field.fill("hhnw")
    expect(option).to_have_text(re.compile("^Pool 3"))
    Held(desk, "acts=1.*q=hhnw91")
    field.fill("hhnw91")
    press(desk, "Enter")
    arrive(desk, re.compile("^Pool 4"))


def test_what_an_arrow_has_led_to_stays_chosen_when_the_hits_come_again(desk: Page) -> None:
    press(desk, "Control+k")
    field, option = desk.get_by_role("combobox"), desk.get_by_role("option", selected=True)
    field.fill("pool")
    expect(option).to_have_text(re.compile("^Pool 1"))
    late = Held(desk, "acts=1.*q=pool[+]")
    field.fill("pool ")
    late.wait()
    press(desk, "ArrowDown", "ArrowDown")
    expect(option).to_have_text(re.compile("^Pool 3"))
    late.let_go()
    expect(option).to_have_text(re.compile("^Pool 3"))


def test_arrows_walk_the_bars_of_the_timeline(desk: Page) -> None:
    desk.goto("/timeline/")
    rows = desk.locator("table.rows tbody tr:has(.lane a)")
    press(desk, "j")
    rows.first.locator("th a").focus()
    press(desk, "ArrowRight")
    expect(rows.first.locator(".lane a").first).to_be_focused()
    press(desk, "ArrowDown")
    expect(rows.nth(1).locator(".lane a:focus")).to_have_count(1)
    press(desk, "ArrowUp")
    expect(rows.first.locator(".lane a:focus")).to_have_count(1)
    press(desk, "ArrowLeft")
    expect(rows.first.locator("th a")).to_be_focused()


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found
    return found


def carry(page: Page, name: str, group: str) -> None:
    """Takes a row by its name and carries it over a group."""
    page.wait_for_load_state("networkidle")  # news of a page that has just come may move its rows
    row = box(page.get_by_role("link", name=name))
    page.mouse.move(row["x"] + 5, row["y"] + 5)
    page.mouse.down()
    target = page.locator("#targets li", has_text=group)
    for step in range(200):  # a hand moves on while the list is being fetched
        page.mouse.move(row["x"] + 5 + step % 40, row["y"] + 20)
        if target.is_visible():
            break
        page.wait_for_timeout(50)
    expect(page.locator("#targets [data-carried]")).not_to_be_empty()
    to = box(target)
    page.mouse.move(to["x"] + 10, to["y"] + 10)
    expect(target).to_have_attribute("data-over", "")


def test_rows_are_dragged_onto_a_group_and_the_review_comes(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1", "Pool 3")
    carry(desk, "Pool 3", "Berlin")
    expect(desk.locator("#targets li")).to_have_count(3)  # all but Hamburg
    expect(desk.locator("#targets [data-carried]")).to_have_text(re.compile("^Pool 1, Pool 3$"))
    press(desk, "Escape")
    expect(desk.locator("#targets")).to_have_count(0)
    desk.mouse.up()
    expect(desk).to_have_url(re.compile("/groups/1/cars/$"))

    carry(desk, "Pool 3", "Berlin")
    desk.mouse.up()
    arrive(desk, MOVE)
    expect(desk.locator(".plan-list li .name")).to_have_text([re.compile("^Pool 1"), re.compile("^Pool 3")])
    assert members(flinkey, 1) == [1, 2, 3, 4]

    desk.goto("/cars/")  # one that is not ticked goes alone
    tick(desk, "Pool 1")
    carry(desk, "Pool 2", "Berlin")
    desk.mouse.up()
    arrive(desk, re.compile("^Move Pool 2 .*to Berlin"))


def test_the_side_list_scrolls_while_a_row_is_held_at_its_end(desk: Page) -> None:
    desk.goto("/groups/1/cars/")
    carry(desk, "Pool 3", "Berlin")
    desk.set_viewport_size({"width": 1280, "height": 260})  # room for one group
    side = desk.locator("#targets")
    place = box(side)
    desk.mouse.move(place["x"] + 20, place["y"] + place["height"] - 5)
    last = desk.locator("#targets li", has_text="Leer")
    expect(last).to_be_in_viewport(ratio=1)
    desk.mouse.move(place["x"] + 20, place["y"] + 5)
    expect(desk.locator("#targets h2")).to_be_in_viewport(ratio=1)
    press(desk, "Escape")
    desk.mouse.up()

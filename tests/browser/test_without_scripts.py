"""Everything works by plain pages: no JavaScript, through `make run`, before a sandbox that forgives no departure."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open, members, sign_in
from tests.browser.standing import SECRET, Standing, eventually


@pytest.fixture
def remote(stand: Standing) -> Remote:
    return stand.remote


@pytest.fixture
def desk(stand: Standing, open_window: Open, complaints: Complaints) -> Page:
    """The coordinator, with a browser that runs no scripts."""
    page = open_window(base_url=stand.url, java_script_enabled=False).new_page()
    complaints.listen(page)
    sign_in(page)
    return page


def window(remote: Remote, window_id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in remote.state(1)["windows"] if one["id"] == window_id)
    return found


def windows_of(remote: Remote, car: int) -> list[dict[str, Any]]:
    return [one for one in remote.state(1)["windows"] if one["carId"] == car]


def rows(page: Page) -> list[str]:
    expect(page.locator("tr[data-id]").first).to_be_visible()
    page.wait_for_load_state()
    return [row.get_attribute("data-id") or "" for row in page.locator("tr[data-id]").all()]


def tick_ids(page: Page, ids: list[int]) -> None:
    for one in ids:
        page.locator(f'tr[data-id="{one}"] input[name="id"]').check()


def settled(page: Page) -> None:
    """Loads the page again until the receipt is green."""
    expect(page.locator("#receipt")).to_be_visible()

    def done() -> bool:
        page.reload()
        return page.locator("#receipt").get_attribute("data-state") == "confirmed"

    eventually(done)


def test_every_page_is_there(desk: Page) -> None:
    for link in ("Cars", "Users", "Services", "Boxes", "Changes", "Groups"):
        desk.get_by_role("navigation", name="Main").get_by_role("link", name=link).first.click()
        expect(desk.get_by_role("heading", level=1)).to_have_text(link)
    desk.get_by_role("link", name="Berlin", exact=True).click()
    for tab in ("Users", "Services", "Boxes", "Cars"):
        desk.get_by_role("navigation", name="What is in this group").get_by_role("link", name=tab).click()
        expect(desk.locator('.tabs [aria-current="page"]')).to_contain_text(tab)
        assert len(rows(desk)) == int(desk.locator("table").get_attribute("data-total") or 0) > 0
    desk.locator("tr[data-id] a.name").first.click()
    expect(desk.get_by_role("heading", name="Who may open it")).to_be_visible()
    desk.goto("/users/")
    desk.locator("tr[data-id] a.name").first.click()
    expect(desk.get_by_role("heading", name="Which cars this person may open")).to_be_visible()


def test_search_sort_and_turn_the_pages(desk: Page, remote: Remote) -> None:
    cars = remote.state(1)["cars"]
    desk.goto("/cars/")
    desk.get_by_role("searchbox", name="Search this list").fill("skoda")
    desk.locator("main").get_by_role("button", name="Search").click()
    expect(desk).to_have_url(re.compile(r"/cars/\?q=skoda&group=$"))
    wanted = {str(car["id"]) for car in cars if car["brand"] == "Škoda"}
    assert set(rows(desk)) == wanted

    desk.goto("/cars/")
    desk.get_by_role("link", name="Plate", exact=True).click()
    expect(desk.locator("th", has_text="Plate")).to_have_attribute("aria-sort", "ascending")
    seen = rows(desk)
    while desk.get_by_role("link", name="Next").count():
        desk.get_by_role("link", name="Next").click()
        desk.wait_for_load_state()
        seen += rows(desk)
    assert (len(seen), set(seen)) == (148, {str(car["id"]) for car in cars})
    bare = {str(car["id"]) for car in cars if not car["licensePlate"]}
    assert set(seen[-len(bare) :]) == bare, "cars without a plate come last"


def test_three_cars_move(desk: Page, remote: Remote) -> None:
    ids = sorted(set(members(remote, 1)) - set(members(remote, 2)))[:3]
    before = members(remote, 1), members(remote, 2)
    desk.goto("/groups/1/cars/")
    tick_ids(desk, ids)
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Berlin").check()
    desk.get_by_role("button", name="Continue to the review").click()
    expect(desk.locator("li[data-id]")).to_have_count(3)
    assert (members(remote, 1), members(remote, 2)) == before
    desk.get_by_role("button", name="Move", exact=True).click()
    settled(desk)
    expect(desk.locator("li[data-id] .state")).to_have_text(["Moved"] * 3)
    assert sorted(members(remote, 1)) == sorted(set(before[0]) - set(ids))
    assert sorted(members(remote, 2)) == sorted({*before[1], *ids})


def test_some_are_added_and_one_is_removed(desk: Page, remote: Remote) -> None:
    before = members(remote, 1, "users")
    desk.goto("/groups/1/users/")
    desk.get_by_role("link", name="Add users").click()
    newcomers = [int(one) for one in rows(desk)[:2]]
    assert not set(newcomers) & set(before)
    tick_ids(desk, newcomers)
    desk.get_by_role("button", name="Add to Hamburg").click()
    desk.get_by_role("button", name="Add", exact=True).click()
    settled(desk)
    assert sorted(members(remote, 1, "users")) == sorted([*before, *newcomers])

    desk.goto("/groups/1/users/")
    tick_ids(desk, newcomers[:1])
    desk.get_by_role("button", name="Remove from the group").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("from Hamburg?")
    desk.get_by_role("button", name="Remove", exact=True).click()
    settled(desk)
    assert sorted(members(remote, 1, "users")) == sorted([*before, newcomers[1]])

    desk.goto("/groups/1/services/")
    service = int(rows(desk)[0])
    tick_ids(desk, [service])
    desk.get_by_role("button", name="Also add to…").click()
    desk.get_by_role("radio", name="Werkstatt").check()
    desk.get_by_role("button", name="Continue to the review").click()
    desk.get_by_role("button", name="Add", exact=True).click()
    settled(desk)
    werkstatt = next(group for group in remote.state(1)["groups"] if group["name"] == "Werkstatt")
    assert service in werkstatt["services"]
    assert service in members(remote, 1, "services")


def test_a_group_is_created_renamed_and_deleted(desk: Page, remote: Remote, complaints: Complaints) -> None:
    complaints.expect(422)

    def called() -> list[str]:
        return [group["name"] for group in remote.state(1)["groups"]]

    before = called()
    desk.goto("/groups/")
    desk.get_by_role("link", name="Create a group").click()
    desk.get_by_label("Name").fill("berlin ")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("alert")).to_contain_text("There is already a group with this name.")
    desk.get_by_label("Name").fill('Ablage "Süd" & <mehr>')
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text('Ablage "Süd" & <mehr>')
    assert called() == [*before, 'Ablage "Süd" & <mehr>']

    desk.locator("main summary", has_text="More").click()
    desk.get_by_role("link", name="Rename").click()
    desk.get_by_label("Name").fill("Ablage")
    desk.get_by_role("button", name="Rename").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ablage")
    assert called() == [*before, "Ablage"]

    desk.locator("main summary", has_text="More").click()
    desk.get_by_role("link", name="Delete").click()
    desk.get_by_role("button", name="Delete the group").click()
    expect(desk.get_by_text("The group Ablage is deleted.")).to_be_visible()
    assert called() == before


def test_access_is_given_changed_and_taken_away_and_the_worker_sees_it(desk: Page, remote: Remote) -> None:
    taken = {one["carId"] for one in remote.state(1)["windows"]}
    car = next(car for car in range(1, 146) if car not in taken)
    desk.goto(f"/cars/{car}/")
    expect(desk.get_by_text("Nobody may open this car.")).to_be_visible()
    desk.locator(".head").get_by_role("link", name="Give access").click()
    desk.get_by_label("User").fill("1")
    desk.get_by_label("From").fill("2031-03-04T08:00")
    desk.get_by_label("Until").fill("2031-03-04T18:00")
    desk.get_by_role("button", name="Give access").click()
    row = desk.locator("#windows tbody tr")
    expect(row).to_have_attribute("data-state", "waiting")
    # nobody looks at the page: the worker alone asks
    asked = len(remote.requests("getAssignmentsOfCar"))
    eventually(lambda: len(remote.requests("getAssignmentsOfCar")) > asked and bool(windows_of(remote, car)))
    confirmed(desk)
    expect(row).to_contain_text("4 Mar 2031, 08:00")
    (made,) = windows_of(remote, car)
    assert (made["userId"], made["start"], made["end"]) == (1, "2031-03-04T07:00:00Z", "2031-03-04T17:00:00Z")

    row.get_by_role("link", name="Change").click()
    desk.get_by_label("Until").fill("")
    desk.get_by_role("button", name="Save").click()
    confirmed(desk)
    expect(row).to_contain_text("open end")
    assert window(remote, made["id"]) == made | {"end": None}

    row.get_by_role("link", name="Remove").click()
    desk.get_by_role("button", name="Remove this access").click()
    eventually(lambda: windows_of(remote, car) == [])

    def gone() -> bool:
        desk.reload()
        return desk.get_by_text("Nobody may open this car.").count() == 1

    eventually(gone)
    desk.goto("/operations/")

    def all_confirmed() -> bool:
        desk.reload()
        newest = desk.locator("tr[data-id] [data-state]").all()[:3]
        return [mark.get_attribute("data-state") for mark in newest] == ["confirmed"] * 3

    eventually(all_confirmed)


def confirmed(page: Page) -> None:
    """Loads the page again until its only window is confirmed."""
    expect(page.locator("#windows")).to_be_visible()

    def done() -> bool:
        page.reload()
        return page.locator("#windows tbody tr").get_attribute("data-state") == "confirmed"

    eventually(done)


def test_signing_out_ends_it(desk: Page) -> None:
    desk.locator("summary", has_text="coordinator@nordwind.example").click()
    desk.get_by_role("button", name="Sign out").click()
    desk.goto("/cars/")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.fixture
def webhooks(stand: Standing) -> Iterator[None]:
    """flinkey sends them, for the length of a test."""
    stand.remote.settings(webhook_url=f"{stand.url}/webhooks/flinkey/assignments/", webhook_secret=SECRET)
    yield
    stand.remote.settings(webhook_url=None, webhook_secret=None, fail_assignments=None)


def test_with_webhooks_the_reason_of_a_failure_arrives(desk: Page, remote: Remote, webhooks: None) -> None:
    taken = {one["carId"] for one in remote.state(1)["windows"]}
    car = next(car for car in range(145, 0, -1) if car not in taken)
    before = len(remote.deliveries())
    desk.goto(f"/assignments/new/?car={car}&user=2&next=/cars/{car}/")
    desk.get_by_role("button", name="Give access").click()
    eventually(lambda: [sent["status"] for sent in remote.deliveries()][before:] == [204])
    confirmed(desk)

    remote.settings(fail_assignments="The box is out of reach")
    desk.locator("#windows tbody tr").get_by_role("link", name="Remove").click()
    desk.get_by_role("button", name="Remove this access").click()
    eventually(lambda: len(remote.deliveries()) == before + 2)
    desk.goto("/operations/")
    desk.locator("tr[data-id] a.name").first.click()

    def told() -> bool:
        desk.reload()
        return desk.locator("#receipt").get_attribute("data-state") == "refused"

    eventually(told)
    expect(desk.locator("li[data-state='refused'] .why")).to_contain_text("flinkey refused it.")
    desk.locator("li summary", has_text="Details").click()
    expect(desk.get_by_text("The box is out of reach")).to_be_visible()
    assert len(windows_of(remote, car)) == 1

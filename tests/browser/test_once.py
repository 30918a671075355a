"""A change is made once, however often its button is pressed and whatever the back button brings back."""

import re

from playwright.sync_api import Page, expect

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, members, tick


def named(remote: Remote, name: str) -> list[int]:
    return [group["id"] for group in remote.state(1)["groups"] if group["name"] == name]


def test_a_double_click_on_create_creates_one_group(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/new/")
    desk.get_by_label("Name").fill("Kiel")
    desk.get_by_role("button", name="Create").dblclick()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Kiel")
    assert len(flinkey.requests("createGroup")) == 1
    assert len(named(flinkey, "Kiel")) == 1


def test_so_does_impatience_with_a_slow_flinkey(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/new/")
    desk.get_by_label("Name").fill("Kiel")
    flinkey.settings(latency=0.5)
    button = desk.get_by_role("button", name="Create")
    middle = button.bounding_box()
    assert middle
    posted: list[str] = []
    desk.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    for _press in range(3):  # by coordinates: Playwright would wait for the page that comes
        desk.mouse.dblclick(middle["x"] + 10, middle["y"] + 10)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Kiel")
    flinkey.settings(latency=0)
    assert len(posted) == 1
    assert len(flinkey.requests("createGroup")) == 1
    assert len(named(flinkey, "Kiel")) == 1


def test_the_back_button_after_create_does_not_create_twice(
    desk: Page, flinkey: Remote, complaints: Complaints
) -> None:
    desk.goto("/groups/new/")
    desk.get_by_label("Name").fill("Kiel")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Kiel")
    desk.go_back()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Create a group")
    complaints.expect(422)
    desk.get_by_label("Name").fill("Kiel")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("alert")).to_contain_text("There is already a group with this name.")
    assert len(named(flinkey, "Kiel")) == 1

    desk.get_by_label("Name").fill("Lübeck")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Lübeck")
    assert len(flinkey.requests("createGroup")) == 2


def test_a_double_click_gives_one_access(desk: Page, flinkey: Remote) -> None:
    desk.goto("/assignments/new/?car=4&user=2&next=/cars/4/")
    desk.get_by_role("button", name="Give access").dblclick()
    expect(desk).to_have_url(re.compile(r"/cars/4/$"))
    expect(desk.locator("#windows tbody tr")).to_have_attribute("data-state", "confirmed")
    assert len(flinkey.requests("createAssignment")) == 1


def test_a_double_click_on_the_yes_moves_once(desk: Page, flinkey: Remote) -> None:
    desk.goto("/groups/1/cars/")
    tick(desk, "Pool 1")
    desk.get_by_role("button", name="Move to…").click()
    desk.get_by_role("radio", name="Leer").check()
    desk.get_by_role("button", name="Continue to the review").click()
    desk.get_by_role("button", name="Move", exact=True).dblclick()
    expect(desk.locator("#receipt")).to_have_attribute("data-state", "confirmed")
    assert (members(flinkey, 1), members(flinkey, 4)) == ([2, 3, 4], [1])
    assert len(flinkey.requests("assignCarToGroup")) == 1

    # back to the review: it is a receipt by now
    desk.go_back()
    desk.reload()
    expect(desk.get_by_role("button", name="Move", exact=True)).to_have_count(0)
    assert len(flinkey.requests("assignCarToGroup")) == 1

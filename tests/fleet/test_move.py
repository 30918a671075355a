"""Moving: a review of named things, then adds before removes, then a receipt for each."""

import re
from typing import Any

from flinkey_admin.sandbox import Remote
from tests.conftest import Person


def group(remote: Remote, group_id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in remote.state(1)["groups"] if one["id"] == group_id)
    return found


def test_three_cars_move_to_berlin(coordinator: Person, flinkey: Remote) -> None:
    review = coordinator.post("/groups/1/cars/move/", {"id": ["1", "2", "3"], "to": "2"}).content.decode()
    assert "Move 3 cars from Hamburg to Berlin?" in review
    assert re.findall(r'<li data-id="(\d+)" data-state="planned">', review) == ["1", "2", "3"]
    assert group(flinkey, 1)["cars"] == [1, 2, 3, 4], "a review changes nothing"

    run = re.search(r'action="(/operations/\d+/run/)"', review)
    assert run
    receipt = coordinator.post(run[1], follow=True).content.decode()
    assert "All 3 done." in receipt
    assert group(flinkey, 1)["cars"] == [4]
    assert group(flinkey, 2)["cars"] == [1, 2, 3, 5, 6]
    sent = [
        (call["operation"], call["method"])
        for call in flinkey.requests()
        if "ToGroup" in call["operation"] or "FromGroup" in call["operation"]
    ]
    assert sorted(sent) == [("assignCarToGroup", "PUT")] * 3 + [("removeCarFromGroup", "DELETE")] * 3

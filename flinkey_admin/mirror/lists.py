"""The lists that flinkey has, each with a name like its address, and how each is read."""

from collections.abc import Callable
from typing import Any

from flinkey_admin.flinkey import Flinkey, Kind

GROUPS = "groups"
EVERYTHING = "everything"  # no list: how far the sweep has come
KINDS = list(Kind)
CATALOG: dict[Kind, str] = {kind: str(kind) for kind in Kind}


def members(group_id: int, kind: Kind) -> str:
    """What of one kind is in a group."""
    return f"groups/{group_id}/{kind}"


def of_group(group_id: int) -> list[str]:
    """The four lists of what is in a group."""
    return [members(group_id, kind) for kind in Kind]


def car_windows(car_id: int) -> str:
    """Who may open a car: the list that decides which windows it has."""
    return f"cars/{car_id}/windows"


def user_windows(user_id: int) -> str:
    """Which cars a user may open."""
    return f"users/{user_id}/windows"


def window(window_id: int) -> str:
    """One window, with its lifetime and renewal."""
    return f"windows/{window_id}"


def one(kind: Kind, thing_id: int) -> str:
    """One car or one user: less to read than all of them."""
    return f"{kind}/{thing_id}"


def parts(name: str) -> tuple[str, int, str]:
    """The words and the id in a name: ("groups", 7, "cars"); 0 and "" where it has none."""
    first, _slash, rest = name.partition("/")
    number, _slash, last = rest.partition("/")
    return first, int(number or 0), last


def reader(client: Flinkey, name: str) -> Callable[[], Any]:
    """The call of flinkey that reads this list. It gives records, or raises the client's errors."""
    first, number, last = parts(name)
    if not number:
        return client.groups.list if first == "groups" else lambda: client.catalog.list(Kind(first))
    if first == "groups":
        return lambda: client.groups.members(Kind(last), number)
    calls: dict[tuple[str, str], Callable[[int], Any]] = {
        ("cars", ""): client.cars.get,
        ("cars", "windows"): client.cars.assignments,
        ("users", ""): client.users.get,
        ("users", "windows"): client.users.assignments,
        ("windows", ""): client.assignments.get,
    }
    return lambda: calls[first, last](number)

"""What happens elsewhere, in the portal or through another tool, while our product is not looking."""

from collections.abc import Callable
from typing import Any

from . import texts, webhooks
from .clock import parsed, written
from .simulation import Simulation
from .world import KINDS, Customer, Record


def change(sim: Simulation, what: str, *, customer: int = 1, **facts: Any) -> Any:
    """Do one change by name; ValueError or LookupError when it cannot be. Hold the lock."""
    if what == "revoke_manager":
        return _revoke_manager(sim, facts["email"], customer)
    if what == "uninstall_box":
        return _uninstall_box(sim, sim.world.customers[customer], facts["car"])
    if what == "end_window" and facts.get("end") is None:
        facts["end"] = sim.now()
    if what not in CHANGES:
        raise ValueError(f"unknown change: {what}")
    return CHANGES[what](sim.world.customers[customer], **facts)


def _revoke_manager(sim: Simulation, email: str, customer: int) -> None:
    sim.world.managers[email].discard(customer)


def _uninstall_box(sim: Simulation, customer: Customer, car: int) -> list[int]:
    if car not in customer.things["cars"]:
        raise LookupError(texts.NO_CAR)
    customer.boxless.add(car)
    ended = [window["id"] for window in customer.windows.values() if window["carId"] == car]
    for number in ended:
        checksum = webhooks.checksum(b"", sim.settings)
        sim.plan("delete", customer=customer.id, checksum=checksum, id=number)
    return ended


def _install_box(customer: Customer, car: int) -> None:
    customer.boxless.discard(car)


def _add_member(customer: Customer, kind: str, group: int, id: int) -> None:  # noqa: A002 - the API's word
    if id not in customer.things[kind]:
        raise LookupError(texts.member_unknown(kind))
    customer.groups[group].members[kind].add(id)


def _remove_member(customer: Customer, kind: str, group: int, id: int) -> None:  # noqa: A002 - the API's word
    customer.groups[group].members[kind].remove(id)


def _create_group(customer: Customer, name: str) -> int:
    return customer.add_group(name)


def _rename_group(customer: Customer, group: int, name: str) -> None:
    customer.groups[group].name = name


def _delete_group(customer: Customer, group: int, *, force: bool = False) -> None:
    if not (force or customer.groups[group].is_empty):
        raise ValueError(texts.GROUP_NOT_EMPTY)
    del customer.groups[group]


def _rename_car(customer: Customer, car: int, name: str) -> None:
    customer.things["cars"][car]["name"] = name


def _delete_car(customer: Customer, car: int) -> None:
    _delete_thing(customer, "cars", car)
    for window in [w for w in customer.windows.values() if w["carId"] == car]:
        del customer.windows[window["id"]]


def _delete_user(customer: Customer, user: int) -> None:
    _delete_thing(customer, "users", user)
    for window in customer.windows.values():
        if window["userId"] == user:
            window["userId"] = None


def _delete_thing(customer: Customer, kind: str, number: int) -> None:
    del customer.things[kind][number]
    for group in customer.groups.values():
        group.members[kind].discard(number)


def _add_thing(customer: Customer, kind: str, **facts: Any) -> int:
    if kind not in KINDS:
        raise ValueError(f"unknown kind: {kind}")
    return customer.add(kind, **facts)


def _add_window(
    customer: Customer,
    car: int,
    user: int | None,
    start: str,
    end: str | None = None,
    *,
    lifetime: int | None = None,
    renewable_after: int | None = None,
) -> int:
    ends = written(parsed(end)) if end else None
    return customer.add_window(
        car, user, written(parsed(start)), ends, lifetime=lifetime, renewable_after=renewable_after
    )


def _end_window(customer: Customer, window: int, end: str) -> None:
    customer.windows[window]["end"] = written(parsed(end))


def _delete_window(customer: Customer, window: int) -> Record:
    return customer.windows.pop(window)


CHANGES: dict[str, Callable[..., Any]] = {
    "add_member": _add_member,
    "remove_member": _remove_member,
    "create_group": _create_group,
    "rename_group": _rename_group,
    "delete_group": _delete_group,
    "rename_car": _rename_car,
    "add_thing": _add_thing,
    "delete_car": _delete_car,
    "delete_user": _delete_user,
    "add_window": _add_window,
    "end_window": _end_window,
    "delete_window": _delete_window,
    "install_box": _install_box,
}

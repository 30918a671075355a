"""What a person should know before a yes to a change of members: groups open no doors."""

from typing import Any

from django.utils import timezone
from django.utils.translation import ngettext

from flinkey_admin.accounts.scoping import scope_of_job
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import Membership
from flinkey_admin.mirror.queries import live, not_over, things, windows
from flinkey_admin.operations.models import Operation, Verb
from flinkey_admin.web.names import name_of

MOST = 20  # sentences


def warnings(operation: Operation, **_kwargs: Any) -> list[str]:
    """For each user who leaves a group: the windows that stay, on cars of that very group."""
    leaving = list(operation.steps.filter(verb=Verb.REMOVE, kind=str(Kind.USERS)))
    if not leaving:
        return []
    scope = scope_of_job(operation.person, operation.customer)
    inside: dict[int | None, set[int]] = {step.group_id: set() for step in leaving}
    cars = live(Membership, scope).filter(kind=Kind.CARS, group__flinkey_id__in=list(inside))
    for group, car in cars.values_list("group__flinkey_id", "thing_id"):
        inside[group].add(car)
    mine = windows(scope).filter(not_over(timezone.now()), user_id__in=[step.thing_id for step in leaving])
    open_to: dict[int | None, list[int]] = {}
    for user, number in mine.exclude(car_id=None).order_by("start").values_list("user_id", "car_id"):
        open_to.setdefault(user, []).append(number or 0)
    kept = [(step, [car for car in open_to.get(step.thing_id, []) if car in inside[step.group_id]]) for step in leaving]
    wanted = {car for _step, found in kept for car in found}
    names = {row.flinkey_id: name_of(row.record()) for row in things(Kind.CARS, scope).filter(flinkey_id__in=wanted)}
    return [
        ngettext(
            "%(user)s keeps %(count)s access to a car of %(group)s: %(cars)s. This change does not end it.",
            "%(user)s keeps %(count)s accesses to cars of %(group)s: %(cars)s. This change does not end them.",
            len(found),
        )
        % {
            "user": step.label,
            "count": len(found),
            "group": step.group_label,
            "cars": ", ".join(dict.fromkeys(names.get(car, str(car)) for car in found)),
        }
        for step, found in kept
        if found
    ][:MOST]

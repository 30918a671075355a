"""Keys that phones may still hold after access was removed, shortened or given to somebody else, here or elsewhere."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import residual
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant, optional_written
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import queries
from flinkey_admin.mirror.models import Window
from flinkey_admin.mirror.queries import not_over, running
from flinkey_admin.operations.models import Outside, State, Step, Verb

TAKING = (Verb.DELETE_WINDOW, Verb.CHANGE_WINDOW)


@dataclass(frozen=True)
class Key:
    """A key that may still open a car. `is_guess`: its lifetime is not known, so flinkey's default is taken for it."""

    window_id: int
    car_id: int
    user_id: int
    removed_at: dt.datetime
    until: dt.datetime
    operation_id: int | None = None  # None: not done here
    is_guess: bool = False
    car: str = ""
    user: str = ""


def left(scope: Scope) -> list[Key]:
    """All the keys of the fleet that may still work, the last one to run out first."""
    now = timezone.now()
    since = now - residual.LONGEST
    gone = list(scoped(Window.objects.all(), scope).filter(not_over(now), ended_at__gt=since))
    steps = scoped(Step.objects.all(), scope).filter(verb__in=TAKING, state=State.CONFIRMED, settled_at__gt=since)
    found = [*_removed(gone, steps), *_changed(steps), *_changed_elsewhere(scope, since)]
    cars = {key.car_id for key in found}
    there = [row.record() for row in queries.windows(scope).filter(running(now), car_id__in=cars)] if cars else []
    return _called(scope, _pick(found, there, now))


def of(gone: Sequence[Window], there: Sequence[Assignment], steps: Sequence[Step], now: dt.datetime) -> list[Key]:
    """The keys out of what a page of a car or a user knows anyhow: without what was changed elsewhere, and unnamed."""
    done = [step for step in steps if step.state == State.CONFIRMED]
    return _pick([*_removed(gone, done), *_changed(done)], there, now)


def _removed(gone: Iterable[Window], steps: Iterable[Step]) -> Iterable[Key]:
    """Windows that flinkey no longer has, whoever removed them."""
    ours = {step.window_id: step for step in steps if step.verb == Verb.DELETE_WINDOW}
    for row in gone:
        step = ours.get(row.flinkey_id)
        lifetime = step.before.get("lifetime") if step else row.lifetime
        is_guess = step is None and row.lifetime is None
        assert row.ended_at is not None  # noqa: S101 - that is what gone means
        yield from _key(row.flinkey_id, row.car_id, row.user_id, row.end, row.ended_at, lifetime, step, is_guess)


def _changed(steps: Iterable[Step]) -> Iterable[Key]:
    """What we have shortened, or given to another car or person: the steps keep what was before."""
    for step in steps:
        if step.verb == Verb.CHANGE_WINDOW and step.settled_at and takes_away(step.before, step.args):
            end = instant(step.before["end"]) if step.before.get("end") else None
            lifetime = step.before.get("lifetime")
            yield from _key(step.window_id, step.car_id, step.user_id, end, step.settled_at, lifetime, step)


def _changed_elsewhere(scope: Scope, since: dt.datetime) -> Iterable[Key]:
    """The same, done outside this dashboard: the copy has met it."""
    rows = list(
        scoped(Outside.objects.all(), scope).filter(kind="windows", what=Outside.What.CHANGED, seen_at__gt=since)
    )
    windows = {
        row.flinkey_id: row
        for row in scoped(Window.objects.all(), scope).filter(flinkey_id__in=[one.thing_id for one in rows])
    }
    for seen in rows:
        window = windows.get(seen.thing_id)
        if window is None or not takes_away(seen.before, seen.after):
            continue
        before = {"end": optional_written(window.end), **seen.before}
        end = instant(before["end"]) if before["end"] else None
        car, user = seen.before.get("car_id", window.car_id), seen.before.get("user_id", window.user_id)
        is_guess = window.lifetime is None
        yield from _key(seen.thing_id, car, user, end, seen.seen_at, window.lifetime, None, is_guess)


def takes_away(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a change takes away access: another car or person, a later start, an earlier end. Values as the journal
    keeps them; what `after` does not name stayed as it was."""
    start, end = after.get("start"), after.get("end")
    earlier = end is not None and (before.get("end") is None or instant(end) < instant(before["end"]))
    later = start is not None and instant(start) > instant(before["start"])
    return earlier or later or not after.keys().isdisjoint({"car_id", "user_id"})


def _key(
    window_id: int | None,
    car_id: int | None,
    user_id: int | None,
    end: dt.datetime | None,
    removed_at: dt.datetime,
    lifetime: int | None,
    step: Step | None,
    is_guess: bool = False,
) -> Iterable[Key]:
    """One key, or none where nobody can have one."""
    moment = residual.until(end, removed_at, lifetime)
    if moment and window_id and car_id and user_id:
        operation = step.operation_id if step else None
        yield Key(window_id, car_id, user_id, removed_at, moment, operation, is_guess)


def _pick(keys: Iterable[Key], there: Sequence[Assignment], now: dt.datetime) -> list[Key]:
    """Those that still live, one for a person and a car: the one that runs out last. Whoever may open the car for as
    long anyhow has no key too many."""
    found: dict[tuple[int, int], Key] = {}
    for key in sorted(keys, key=lambda one: one.until):
        mine = [one for one in there if (one.car_id, one.user_id) == (key.car_id, key.user_id)]
        if key.until > now and not any(residual.covers(one.start, one.end, now, key.until) for one in mine):
            found[key.car_id, key.user_id] = key
    return sorted(found.values(), key=lambda one: one.until, reverse=True)


def _called(scope: Scope, keys: list[Key]) -> list[Key]:
    cars = names_of(scope, Kind.CARS, {key.car_id for key in keys}) if keys else {}
    users = names_of(scope, Kind.USERS, {key.user_id for key in keys}) if keys else {}
    return [
        replace(
            key,
            car=" · ".join(filter(None, called(key.car_id, cars))),
            user=called(key.user_id, users)[0],
        )
        for key in keys
    ]

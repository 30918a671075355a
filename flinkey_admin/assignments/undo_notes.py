"""What a person should know before a yes to taking a change of windows back: who else has got the car by now."""

from typing import Any

from flinkey_admin.accounts.scoping import scope_of_job
from flinkey_admin.assignments import questions, series_plans, sharing
from flinkey_admin.assignments.called import called, names_of
from flinkey_admin.assignments.conflicts import Span, added, overlap
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations.models import Operation, Step, Verb
from flinkey_admin.web.templatetags.times import moment


def warnings(operation: Operation, **_kwargs: Any) -> list[str]:
    """The windows that an undo gives or widens again though somebody else may open the car then, by the copy."""
    if operation.undoes_id is None:
        return []
    scope = scope_of_job(operation.person, operation.customer)
    steps = list(operation.steps.all())
    touched = {step.window_id for step in steps}
    wanted = [(step, *_wanted(step)) for step in steps if step.verb in {Verb.CREATE_WINDOW, Verb.CHANGE_WINDOW}]
    cars = {car for _step, car, _fresh in wanted if car and not sharing.policy(scope, car).is_shared}
    others = {car: [one for one in questions.others(scope, car, None) if one[0] not in touched] for car in cars}
    meets = [
        (step, fresh[0].start, user)
        for step, car, fresh in wanted
        for _number, user, span in others.get(car or 0, [])
        if any(overlap(part, span) for part in fresh)
    ]
    people = names_of(scope, Kind.USERS, {user for _step, _start, user in meets if user})
    both = [f"{step.label}, {moment(start)} ({called(user, people)[0]})" for step, start, user in meets]
    return series_plans.both_notes(both)


def _wanted(step: Step) -> tuple[int | None, list[Span]]:
    """The car of a window once the step is done, and the times that its person does not have there before."""
    after = step.becomes()
    span = _span(after)
    same = all(step.before.get(name) == after[name] for name in ("car_id", "user_id"))
    before = _span(step.before) if step.verb == Verb.CHANGE_WINDOW and same else None
    return after["car_id"], added(span, before) if span else []


def _span(kept: dict[str, Any]) -> Span | None:
    start, end = (instant(kept[name]) if kept.get(name) else None for name in ("start", "end"))
    return Span(start, end) if start and (end is None or end > start) else None

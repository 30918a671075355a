"""Whether a plan of many windows still is what it was when somebody looked at it: asked at the yes."""

from typing import Any

from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import series_plans, series_windows
from flinkey_admin.assignments.conflicts import Span
from flinkey_admin.assignments.models import Series
from flinkey_admin.assignments.series_plans import SKIP, Taken
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.mirror import queries
from flinkey_admin.operations import journal, truth
from flinkey_admin.operations.models import Operation, Step
from flinkey_admin.web.templatetags.times import moment


def outdated(scope: Scope, operation: Operation, **_kwargs: Any) -> list[str]:
    """What has changed in flinkey since the plan was made: its windows, and who may open the cars at its times.

    What the form's choice leaves out, and what is there by now, leaves the plan. Raises the client's errors.
    """
    series = scoped(Series.objects.all(), scope).filter(pk=operation.facts.get("series_id")).first()
    if series is None and operation.facts.get("act") != "several":
        return []
    own = {row.flinkey_id for row in series_windows.live(scope, series)} if series else set[int]()
    steps = list(operation.steps.all())
    taken = series_plans.taken_by(scope, sorted({step.car_id for step in steps if step.car_id}))
    changed = _windows(scope, steps)
    return changed + (_clashes(own, operation, steps, taken) if "clash" in operation.facts else [])


def _windows(scope: Scope, steps: list[Step]) -> list[str]:
    """Of the windows that the plan changes or removes: which are not as it has found them."""
    ours = [step for step in steps if step.window_id]
    rows = queries.windows(scope).filter(flinkey_id__in=[one.window_id for one in ours])
    now = {row.flinkey_id: row.record() for row in rows}
    told = [
        truth.window_change(
            step, now.get(step.window_id or 0), f"{step.label}, {moment(instant(step.before['start']))}"
        )
        for step in ours
    ]
    return [sentence for sentence in told if sentence]


def _clashes(own: set[int], operation: Operation, steps: list[Step], taken: dict[int, Taken]) -> list[str]:
    """The times at which somebody else has got the car since. What is left out for it is left out for good."""
    skips, known = operation.facts["clash"] == SKIP, set(operation.facts.get("met", []))
    named, out = list[str](), list[tuple[Step, str]]()
    for step in steps:
        of_car, span = taken[step.car_id or 0], Span(*step.times())
        meets = [
            other
            for other in of_car.meets(span, step.user_id, own)
            if other.window_id != step.window_id and other.key(step.car_id or 0) not in known
        ]
        is_there = any((other.user_id, other.span) == (step.user_id, span) for other in meets)
        access = f"{step.label}, {moment(span.start)}"
        if of_car.is_gone:
            named.append(_("%(car)s: flinkey no longer has it") % {"car": access})
        elif why := series_plans.why_not(of_car, span, step.user_id, meets, SKIP):
            named.append(f"{access}: {why}")
        else:
            continue
        if of_car.is_gone or is_there or skips:
            out.append((step, named[-1]))
    if out:
        journal.leave_out(operation, [step for step, _why in out], [why for _step, why in out])
    return named

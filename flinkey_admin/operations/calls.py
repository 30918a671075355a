"""One step, one call of flinkey, and what its answer means. It runs in threads and touches no database."""

from collections.abc import Callable
from typing import Any

from flinkey_admin.flinkey import AssignmentChange, Flinkey, Kind, NewAssignment, errors
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import truth
from flinkey_admin.operations.journal import Outcome
from flinkey_admin.operations.models import State, Step, Verb

WINDOW_VERBS = {Verb.CREATE_WINDOW, Verb.CHANGE_WINDOW, Verb.DELETE_WINDOW}
# Nothing was done, and the next call would fare no better.
STOPS: dict[type[errors.FlinkeyError], str] = {
    errors.Unauthorized: "signed-out",
    errors.BadApiKey: "api-key",
    errors.RateLimited: "busy",
    errors.Unavailable: "unavailable",
}


def perform(client: Flinkey, step: Step) -> Outcome:
    """Sends the step's call and judges the answer. A lost answer is repeated once where repeating does no harm."""
    lost_before = step.state in {State.SENT, State.UNKNOWN}
    try:
        return _done(step, SEND[Verb(step.verb)](client, step))
    except errors.OutcomeUnknown as lost:
        if step.verb in WINDOW_VERBS:
            return Outcome(State.UNKNOWN, reason="lost", detail=str(lost))
    except errors.FlinkeyError as error:
        return judge(client, step, error, repeated=lost_before)
    try:
        return _done(step, SEND[Verb(step.verb)](client, step))
    except errors.OutcomeUnknown as lost:
        return Outcome(State.UNKNOWN, reason="lost", detail=str(lost), stop=lost.status is None)
    except errors.FlinkeyError as error:
        return judge(client, step, error, repeated=True)


def not_sent(step: Step, error: errors.FlinkeyError) -> Outcome:
    """What it needs to know flinkey would not say, so nothing is sent; what was lost before stays so."""
    wait = error.retry_after if isinstance(error, errors.RateLimited) else 0.0
    state = State.PLANNED if step.state == State.PLANNED else State.UNKNOWN
    return Outcome(state, reason=STOPS.get(type(error), "unavailable"), detail=str(error), wait=wait, stop=True)


def settled_already(step: Step, add: Step, inside: truth.Inside) -> Outcome | None:
    """Whether a removal has become needless, or wrong, since its thing came into the new group in an earlier run.

    inside: who is in the groups now. Somebody may have taken the thing out of the new group again; then it stays
    where it is. None: the removal is to be sent.
    """
    if step.thing_id in (inside[Kind(add.kind), _number(add.group_id)] or ()):
        return None
    if step.thing_id in (inside[Kind(step.kind), _number(step.group_id)] or ()):
        return Outcome(State.REFUSED, reason="moved-on")
    return Outcome(State.CONFIRMED, already=step.state == State.PLANNED)


def _done(step: Step, result_id: int | None) -> Outcome:
    # flinkey answers a window's change before it has done it.
    return Outcome(State.ACCEPTED if step.verb in WINDOW_VERBS else State.CONFIRMED, result_id=result_id)


def judge(client: Flinkey, step: Step, error: errors.FlinkeyError, *, repeated: bool = False) -> Outcome:
    """What an error means for this step: already so, not sent, or refused."""
    if type(error) in STOPS:
        wait = error.retry_after if isinstance(error, errors.RateLimited) else 0.0
        # After a lost answer "not sent" would be a guess: the first call may have done it.
        state = State.UNKNOWN if repeated else State.PLANNED
        return Outcome(state, reason=STOPS[type(error)], detail=str(error), wait=wait, stop=True)
    if already_so(step, error):
        # After a lost answer it was most likely our own first call, unless it was so when this was planned.
        return Outcome(State.CONFIRMED, already=not repeated or bool(step.before.get("inside")))
    refused = Outcome(State.REFUSED, reason=reason_of(error), detail=str(error))
    if not _is_unclear(step, error, repeated=repeated):
        return refused
    try:
        is_so, result_id = _as_wished(client, step)
    except errors.FlinkeyError as lost:
        return Outcome(State.UNKNOWN, reason="lost", detail=str(lost)) if repeated else refused
    already = not repeated or bool(step.before.get("inside"))
    return Outcome(State.CONFIRMED, already=already, result_id=result_id) if is_so else refused


def already_so(step: Step, error: errors.FlinkeyError) -> bool:
    """Whether the refusal says that nothing is left to do (409 on add, 404 on remove)."""
    match step.verb:
        case Verb.REMOVE if step.args.get("group_goes") and _is(error, "group"):
            return True  # somebody else was quicker to delete it
        case Verb.ADD | Verb.REMOVE:
            return _is(error, "member")
        case Verb.DELETE_GROUP:
            return _is(error, "group")
    return False


def _is(error: errors.FlinkeyError, what: str) -> bool:
    return what == (getattr(error, "missing", "") or getattr(error, "reason", ""))


def _is_unclear(step: Step, error: errors.FlinkeyError, *, repeated: bool) -> bool:
    """Whether one has to look what is so: a refusal tells nothing of an earlier call whose answer was lost.

    What is gone is gone, though; and the words of a refusal may be new to us.
    """
    if isinstance(error, errors.NotFound) and error.missing != "unknown":
        return False
    return repeated or (step.verb in {Verb.ADD, Verb.REMOVE} and _is(error, "unknown"))


def _as_wished(client: Flinkey, step: Step) -> tuple[bool, int | None]:
    """Whether what the step wants is so in flinkey, and the number of the group that it has made. Never of windows."""
    if step.verb in {Verb.ADD, Verb.REMOVE}:
        return _has(client, step) is (step.verb == Verb.ADD), None
    groups = client.groups.list()
    match step.verb:
        case Verb.CREATE_GROUP:
            same = [group.id for group in groups if group.name == step.args["name"]]
            return bool(same), next(iter(same), None)
        case Verb.RENAME_GROUP:
            return (step.group_id, step.args["name"]) in [(group.id, group.name) for group in groups], None
    return step.group_id not in [group.id for group in groups], None


def _has(client: Flinkey, step: Step) -> bool:
    """Whether the step's thing is in the step's group now; not in a group that has gone."""
    try:
        members = client.groups.members(Kind(step.kind), _number(step.group_id))
    except errors.NotFound as error:
        if error.missing != "group":
            raise
        return False
    return any(member.id == step.thing_id for member in members)


def reason_of(error: errors.FlinkeyError) -> str:
    """The key under which sentences.REASONS has the words."""
    match error:
        case errors.NotFound():
            return f"missing-{error.missing}"
        case errors.Conflict():
            return f"conflict-{error.reason}"
    return "rejected"


def _number(value: int | None) -> int:
    if value is None:
        raise ValueError("a step without the id that its call needs")
    return value


def _add(client: Flinkey, step: Step) -> None:
    client.groups.assign(Kind(step.kind), _number(step.group_id), _number(step.thing_id))


def _remove(client: Flinkey, step: Step) -> None:
    client.groups.remove(Kind(step.kind), _number(step.group_id), _number(step.thing_id))


def _create_group(client: Flinkey, step: Step) -> int:
    return client.groups.create(step.args["name"])


def _rename_group(client: Flinkey, step: Step) -> None:
    client.groups.rename(_number(step.group_id), step.args["name"])


def _delete_group(client: Flinkey, step: Step) -> None:
    client.groups.delete(_number(step.group_id))


def _create_window(client: Flinkey, step: Step) -> None:
    args = step.args
    client.assignments.create(
        NewAssignment(
            car_id=_number(step.car_id),
            user_id=_number(step.user_id),
            start=instant(args["start"]),
            end=instant(args["end"]) if args["end"] else None,
            lifetime=args.get("lifetime"),
            renewable_after=args.get("renewable_after"),
        )
    )


def _change_window(client: Flinkey, step: Step) -> None:
    values: dict[str, Any] = {name: _value(name, value) for name, value in step.args.items()}
    client.assignments.update(_number(step.window_id), AssignmentChange(**values))


def _value(name: str, value: object) -> object:
    return instant(str(value)) if name in {"start", "end"} and value is not None else value


def _delete_window(client: Flinkey, step: Step) -> None:
    client.assignments.delete(_number(step.window_id))


SEND: dict[Verb, Callable[[Flinkey, Step], int | None]] = {
    Verb.ADD: _add,
    Verb.REMOVE: _remove,
    Verb.CREATE_GROUP: _create_group,
    Verb.RENAME_GROUP: _rename_group,
    Verb.DELETE_GROUP: _delete_group,
    Verb.CREATE_WINDOW: _create_window,
    Verb.CHANGE_WINDOW: _change_window,
    Verb.DELETE_WINDOW: _delete_window,
}

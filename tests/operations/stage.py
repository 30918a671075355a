"""What the tests of changes share: one clock, forms to press, a page as a person reads it, the sandbox's truth."""

import datetime as dt
import html
import re
from collections.abc import Callable, Iterable
from typing import Any

import time_machine

from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Upstream, Window
from flinkey_admin.operations.models import Operation, State, Step, Verb
from flinkey_admin.sandbox import Remote
from tests.conftest import Person

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)  # a Tuesday, 10:00 in Berlin
HAMBURG, BERLIN, EMPTY = 1, 2, 4

# A person must never read any of these: statuses, names of our code, flinkey's own words, JSON.
UNFIT = re.compile(
    r"\b[45]\d\d\b|Traceback|Exception|Error\b|OutcomeUnknown|Unavailable\b|RateLimited|Unauthorized|HTTP|JSON"
    r"|[{}<>]|subscription key|[Bb]ad [Gg]ateway|Internal server|Rate limit|Access denied|Connection|\bNone\b|0x"
)


class Clock:
    """The time of the dashboard and of the sandbox, which live in this process: it stands until told to move."""

    def __init__(self, traveller: time_machine.Traveller, remote: Remote) -> None:
        self.traveller, self.remote = traveller, remote

    def advance(self, seconds: float) -> None:
        """Moves it; whatever flinkey had to do meanwhile is done."""
        self.traveller.shift(seconds)
        self.remote.advance(0)


def forget() -> None:
    """The copy has never been, and nobody knows how flinkey is: the next look at a page is the first."""
    models: list[Any] = [Listing, Upstream, Membership, Window, Group, *THINGS.values()]
    for model in models:
        model._default_manager.all().delete()


def visible(response: Any) -> str:
    """What a person reads on a page, without what is folded away."""
    text = re.sub(r"<details.*?</details>|<script.*?</script>|<svg.*?</svg>", " ", page_of(response), flags=re.DOTALL)
    text = re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", text)  # within a sentence
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def page_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def main_of(response: Any) -> str:
    """The page without its frame, where the tray of unfinished changes has buttons of its own."""
    return page_of(response).partition("<main")[2]


def assert_plain(response: Any) -> None:
    """No status code, no name of an exception, no JSON outside of "Details"."""
    found = UNFIT.search(re.sub("\u203a \\d+ ", "", visible(response)))  # a change has a number
    assert found is None, f"{found} in: {visible(response)}"


def says(response: Any, sentence: object) -> bool:
    return " ".join(str(sentence).split()) in visible(response)


def press(person: Person, page: Any, name: str) -> Any:
    """Presses the button of the form whose address ends with this name; returns the page it leads to."""
    found = re.search(rf'action="(/operations/\d+/{name}/)"', main_of(page))
    assert found, f"no button {name!r} on: {visible(page)}"
    shown = dict(re.findall(r'name="(seen|warned)" value="(\w+)"', main_of(page)))
    return person.post(found[1], shown, follow=True)


def offers(page: Any, name: str) -> bool:
    return re.search(rf'action="/operations/\d+/{name}/"', main_of(page)) is not None


def receipt(person: Person, operation: Operation | None = None) -> Any:
    """The page of a change; the newest one if none is named."""
    found = operation or Operation.objects.latest("pk")
    return person.get(f"/operations/{found.pk}/")


def members(remote: Remote, kind: str, group: int | None) -> list[int]:
    """Who is in a group, as flinkey has it; none when there is no such group."""
    return next((list(one[kind]) for one in remote.state(1)["groups"] if one["id"] == group), [])


def windows_like(remote: Remote, step: Step) -> list[dict[str, Any]]:
    """flinkey's windows with exactly the car, user, start and end of a step that creates one."""
    wanted = (step.car_id, step.user_id, step.args["start"], step.args["end"])
    found = remote.state(1)["windows"]
    return [one for one in found if (one["carId"], one["userId"], one["start"], one["end"]) == wanted]


def is_so(remote: Remote, step: Step) -> bool:
    """Whether flinkey's state shows what a step wants."""
    state = remote.state(1)
    look: dict[Verb, Callable[[], bool]] = {
        Verb.ADD: lambda: step.thing_id in members(remote, step.kind, step.group_id),
        Verb.REMOVE: lambda: step.thing_id not in members(remote, step.kind, step.group_id),
        Verb.CREATE_GROUP: lambda: step.args["name"] in names_not_made_by_others(state, step),
        Verb.RENAME_GROUP: lambda: {"id": step.group_id, "name": step.args["name"]} in names_of(state),
        Verb.DELETE_GROUP: lambda: step.group_id not in [one["id"] for one in state["groups"]],
        Verb.CREATE_WINDOW: lambda: len(windows_like(remote, step)) == 1,
        Verb.CHANGE_WINDOW: lambda: has_changed(state, step),
        Verb.DELETE_WINDOW: lambda: step.window_id not in [one["id"] for one in state["windows"]],
    }
    return look[Verb(step.verb)]()


def names_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": one["id"], "name": one["name"]} for one in state["groups"]]


def has_changed(state: dict[str, Any], step: Step) -> bool:
    """Whether a window has the values that a step wants it to have."""
    names = {"car_id": "carId", "user_id": "userId", "renewable_after": "renewableAfter"}
    window = next(one for one in state["windows"] if one["id"] == step.window_id)
    return all(window[names.get(name, name)] == value for name, value in step.args.items())


def names_not_made_by_others(state: dict[str, Any], step: Step) -> list[str]:
    """The names of the groups; a step that has not made one takes no credit for what another step has made."""
    if step.state == State.CONFIRMED:
        return [one["name"] for one in state["groups"]]
    others = Step.objects.filter(verb=Verb.CREATE_GROUP).exclude(pk=step.pk)
    made = set(others.values_list("group_id", flat=True))
    lost = {args["name"] for args in others.filter(state=State.UNKNOWN).values_list("args", flat=True)}
    return [one["name"] for one in state["groups"] if one["id"] not in made and one["name"] not in lost]


def assert_true(remote: Remote, *, lost: bool, steps: Iterable[Step] | None = None) -> None:
    """The journal says nothing but the truth. `lost`: whether an answer of the last run was lost."""
    for step in Step.objects.exclude(reason="given-up") if steps is None else steps:
        match State(step.state):
            case State.CONFIRMED:
                assert is_so(remote, step), f"false success: {step}"
            case State.REFUSED if step.reason == "conflict-name":
                names = [one["name"] for one in remote.state(1)["groups"]]
                assert step.args["name"] in names, f"no other group has this name: {step}"
            case State.PLANNED | State.REFUSED:
                assert not is_so(remote, step), f"done all the same: {step}"
            case State.UNKNOWN:
                assert lost, f"unknown for no reason: {step}"
            case State.SENT:
                raise AssertionError(f"still under way: {step}")
            case State.ACCEPTED:
                assert step.verb.endswith("-window"), f"only windows are done later: {step}"


def homes_over_time(remote: Remote, kind: str, thing: int, first: set[int]) -> list[set[int]]:
    """The groups that a thing was in after each write that flinkey did."""
    homes, story = set(first), [set(first)]
    for call in remote.requests():
        found = re.fullmatch(rf"/groups/(\d+)/{kind}(?:/(\d+))?", call["path"])
        if found and call["took_effect"] and int(found[2] or call["body"][f"{kind[:-1]}Id"]) == thing:
            homes = homes | {int(found[1])} if call["method"] == "PUT" else homes - {int(found[1])}
            story.append(homes)
    return story


def took_effect(remote: Remote, operation: str) -> int:
    """How many calls of this operation flinkey did."""
    return sum(call["took_effect"] for call in remote.requests(operation))


def count(remote: Remote, operation: str) -> int:
    """How many calls of this operation reached flinkey."""
    return len(remote.requests(operation))

"""What a receipt shows: one page of its items, and of these, for whoever looks on, those that have changed since."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.flinkey.fields import instant
from flinkey_admin.operations import confirmation, context, services, things, titles, undo
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.journal import SETTLED
from flinkey_admin.operations.models import HAND_OVER, PAIRS, Operation, State, Step, Verb
from flinkey_admin.web import sentences

PAGE = 25  # items: even if all of them change at once, a poll stays small
RESULTS = {
    "failed": (gettext_lazy("Failed"), {State.REFUSED}),
    "waiting": (gettext_lazy("Waiting"), {State.PLANNED, State.SENT, State.ACCEPTED, State.UNKNOWN}),
    "done": (gettext_lazy("Done"), {State.CONFIRMED}),
}
WHOLE_GROUPS = {Operation.Kind.EMPTY_GROUP, Operation.Kind.RESTORE_GROUP}
ROW_MARK = 4  # characters


@dataclass(frozen=True)
class Chip:
    """A link to the items with one result."""

    label: str
    query: str
    count: int
    is_on: bool


@dataclass(frozen=True)
class Rows:
    """The items that a page shows. `page`: None on paper, which has all of them."""

    shown: Sequence[things.Item]
    total: int
    chips: Sequence[Chip]
    result: str
    page: "Page[things.Thing] | None"
    query: str  # what a poll and the links to other pages carry on


def mark_of(shown: object, length: int = 12) -> str:
    """Stands for what a page has shown, so that a yes to it can be told from a yes to something else."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:length]


def rows_of(operation: Operation, found: Sequence[things.Thing], form: QueryDict) -> Rows:
    """The items with the result that the address asks for, one page of them; all of them with `print`."""
    result = form.get("result", "") if form.get("result") in RESULTS else ""
    fitting = [item for item in found if not result or item.state in RESULTS[result][1]]
    chips, query = _chips(found, result), f"result={result}" if result else ""
    if form.get("print"):
        return Rows(things.items(operation, fitting), len(fitting), chips, result, None, query)
    page = Paginator(fitting, PAGE).get_page(form.get("page"))
    return Rows(things.items(operation, list(page)), len(fitting), chips, result, page, query)


def _chips(found: Sequence[things.Thing], result: str) -> list[Chip]:
    """None where all have come to the same."""
    counted = Counter(item.state for item in found)
    numbers = {name: sum(counted[state] for state in states) for name, (_words, states) in RESULTS.items()}
    if not result and len([number for number in numbers.values() if number]) < 2:
        return []
    some = [
        Chip(str(words), "?" if name == result else f"?result={name}", numbers[name], name == result)
        for name, (words, _states) in RESULTS.items()
        if numbers[name] or name == result
    ]
    return [Chip(_("All"), "?", len(found), not result), *some]


def answer(request: ManagerRequest, operation: Operation) -> HttpResponse:
    """The receipt; for an open page that asks again only what differs, 204 when nothing does."""
    found = things.things(operation)
    rows = rows_of(operation, found, request.GET)
    shown = {**_head(operation, found), "operation": operation, "rows": rows}
    tray = context.tray_of(request.manager)
    marks = _marks(shown, rows, tray)
    shown |= {
        "tray": tray,
        "seen": ".".join(marks),
        "left_out": operation.facts.get("left_out", []),
        "section": "operations",
    }
    if not request.htmx:
        shown["title"] = titles.title(operation)
        response = render(request, "operations/operation_detail.html", shown)
    else:
        seen = request.GET.get("seen", "").split(".")
        if seen == marks:
            return HttpResponse(status=204)
        response = render(request, "operations/_news.html", shown | _news(rows, marks, seen))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _marks(shown: dict[str, Any], rows: Rows, tray: dict[str, Any]) -> list[str]:
    """What stands for the head, the tray, the chips, which rows there are, and the state of each of them."""
    facts = {key: value for key, value in shown.items() if key not in {"operation", "rows", "undone_by"}}
    head = [facts, shown["operation"].state, shown["operation"].helpers, bool(shown["undone_by"])]
    order = [[(row.kind, row.thing_id, row.label) for row in rows.shown], rows.total]
    each = "".join(mark_of(row, ROW_MARK) for row in rows.shown)
    waiting = [(row.pk, row.state, row.may_finish, row.may_go_back) for row, *_words in tray["rows"]]
    return [mark_of(head), mark_of([waiting, tray["count"]], 6), mark_of(rows.chips, 6), mark_of(order, 6), each]


def _news(rows: Rows, marks: Sequence[str], seen: Sequence[str]) -> dict[str, Any]:
    """The parts that differ from what the page has."""
    had = dict(enumerate(seen))
    all_rows = had.get(3) != marks[3]
    old = had.get(4, "")
    changed = [
        (place + 1, row)
        for place, row in enumerate(rows.shown)
        if old[place * ROW_MARK : (place + 1) * ROW_MARK] != marks[4][place * ROW_MARK : (place + 1) * ROW_MARK]
    ]
    return {
        "new_tray": had.get(1) != marks[1],
        "new_chips": had.get(2) != marks[2],
        "new_rows": all_rows,
        "changed": [] if all_rows else changed,
    }


def _head(operation: Operation, found: Sequence[things.Thing]) -> dict[str, Any]:
    """The counts, why it does not go on, and what a person may do about it."""
    lost = list(services.lost_windows(operation))
    windows = list(operation.steps.filter(verb__in=WINDOW_VERBS, settled_at=None))
    late = any(confirmation.is_late(step) for step in windows)
    return {
        "counts": things.counts(operation, found),
        "live": services.is_on_its_way(operation) or operation.state == State.ACCEPTED or bool(lost),
        "is_running": services.is_running(operation),
        "done": sum(item.state in SETTLED for item in found),
        "total": len(found),
        "why": services.hold_text(operation),
        "failed": services.retriable(operation) if operation.finished_at else 0,
        "can_pause": services.can_pause(operation),
        "can_finish": services.can_finish(operation),
        "can_undo": undo.can(operation),
        "undone_by": operation.undone_by.filter(started_at__isnull=False).first(),
        "can_close": can_close(operation, lost, late=late),
        "lost": [step.pk for step in lost],
        "late": late,
        **window_facts(operation.facts),
        "removed": _removed(operation),
        "again": _again(operation),
        "back": back(_place(operation)),
        "of_members": operation.facts.get("kind") in {"cars", "users"} or operation.kind in WHOLE_GROUPS,
    }


def can_close(operation: Operation, lost: list[Step], *, late: bool) -> bool:
    """A window that was lost or accepted is looked for some minutes before a person may say that it is not there."""
    return not services.is_running(operation) and (late or (services.is_unfinished(operation) and not lost))


def window_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """The times of a window and until when a phone may still hold its key, where a change has them."""
    until = facts.get("key_until")
    whose = facts["next" if facts.get("back") else "user"] if facts.get("act") == HAND_OVER else ""
    sentence = sentences.key_until(instant(until), many=bool(facts.get("key_many")), whose=whose) if until else ""
    return {**window_times(facts), "key_sentence": sentence}


def window_times(facts: dict[str, Any]) -> dict[str, dt.datetime | None]:
    """Start and end of a change's window; an open end is None."""
    return {name: instant(facts[name]) if facts.get(name) else None for name in ("start", "end")}


def _again(operation: Operation) -> str:
    """What was refused and must not be sent again as it is: the form that asks for it anew, filled in."""
    facts = operation.facts
    if operation.kind == Operation.Kind.GIVE_ACCESS and operation.state == State.REFUSED and facts.get("user_id"):
        return _give_again(facts)
    if facts.get("act") not in PAIRS or operation.state != State.REFUSED or facts.get("back"):
        return ""
    first, *later = operation.steps.all()
    side = "user" if facts["act"] == HAND_OVER else "car"
    if first.state == State.REFUSED:
        name = "assignments:window_hand_over" if side == "user" else "assignments:window_swap"
        return f"{reverse(name, args=[facts['window_id']])}?{urlencode({side: facts['next_id']})}"
    if later and side == "user":
        return f"{reverse('assignments:window_new')}?{urlencode({'car': facts['car_id'], 'user': facts['next_id']})}"
    return reverse("assignments:window_act", args=[facts["window_id"]])


def _give_again(facts: dict[str, Any]) -> str:
    """The form of a single window that flinkey has refused."""
    local = {name: timezone.localtime(at) if at else None for name, at in window_times(facts).items()}
    times = {name: f"{at:%Y-%m-%dT%H:%M:%S}".removesuffix(":00") if at else "" for name, at in local.items()}
    return (
        f"{reverse('assignments:window_new')}?{urlencode({'car': facts['car_id'], 'user': facts['user_id'], **times})}"
    )


def _removed(operation: Operation) -> str:
    """When an access was gone, beside until when its key may live."""
    step = operation.steps.filter(verb=Verb.DELETE_WINDOW, state=State.CONFIRMED).first()
    return sentences.removed_at(step.settled_at) if step and step.settled_at and not step.position else ""


def _place(operation: Operation) -> dict[str, Any]:
    """The facts that say to which page a change belongs: none once its group has gone, the new one once it is there."""
    if services.is_group_gone(operation):
        return {}
    if operation.kind != Operation.Kind.RESTORE_GROUP:
        return dict(operation.facts)
    new = operation.steps.filter(verb=Verb.CREATE_GROUP, state=State.CONFIRMED).first()
    return {"from_id": new.group_id, "name": operation.facts["name"]} if new else {}


def back(facts: dict[str, Any]) -> tuple[str, str]:
    """The page that a change belongs to, and its name."""
    if facts.get("series_id"):
        return reverse("assignments:series_detail", args=[facts["series_id"]]), facts["series"]
    if facts.get("car_id"):
        return reverse("fleet:car_detail", args=[facts["car_id"]]), facts.get("car", "")
    if facts.get("user_id"):
        return reverse("fleet:user_detail", args=[facts["user_id"]]), facts.get("user", "")
    if facts.get("from_id"):
        url = reverse("fleet:group_members", args=[facts["from_id"], facts.get("kind", "cars")])
        return url, facts.get("name") or facts.get("from") or facts.get("to", "")
    if "act" in facts:
        return reverse("assignments:timeline"), _("the timeline")
    return reverse("fleet:group_list"), ""

"""The rows of the timeline out of the copy: a bar for each window, one above the other where they overlap, and a link
for each gap. As many statements for 500 cars as for one."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.assignments import panel, timeline, windows
from flinkey_admin.assignments.called import names_of
from flinkey_admin.assignments.timeline import Place, Span
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import queries
from flinkey_admin.operations import confirmation
from flinkey_admin.operations.models import Step, Verb
from flinkey_admin.web.names import Thing, label_of, name_of, second_of
from flinkey_admin.web.templatetags.times import moment

DASH = "\u2013"
SIGNS = {
    "running": "●",
    "coming": "○",
    "past": DASH,
    "sending": "↗",
    "waiting": "…",
    "unconfirmed": "?",
    "failed": "✕",
}
SIDES = {Kind.CARS: ("car_id", "user_id", Kind.USERS), Kind.USERS: ("user_id", "car_id", Kind.CARS)}


@dataclass(frozen=True)
class Entry:
    """A window that the copy has, or one that was asked for. `step`: a change of it that is open or was refused."""

    window_id: int | None
    other_id: int | None
    start: dt.datetime
    end: dt.datetime | None
    step: Step | None = None


@dataclass(frozen=True)
class Bar:
    """A link in a row. `look`: the classes that place and dress it; `say`: all about it in one line; no text: a gap.

    `sign`: its state as a shape.
    """

    url: str
    look: str
    say: str
    sign: str = ""
    text: str = ""
    key: str = ""
    window_id: int | None = None
    state: str = ""


@dataclass(frozen=True)
class Row:
    """A car or a user, and what stands in its lanes. `is_read`: flinkey has been asked for its windows."""

    id: int
    name: str
    second: str
    url: str
    lanes: list[list[Bar]] = field(default_factory=list)
    is_read: bool = True

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to see: then "not read yet" must not look like "free"."""
        return not any(self.lanes)


@dataclass(frozen=True)
class Found:
    """The entries of the rows by their ids, how the other side is called, and the changes that are not settled."""

    entries: Mapping[int, list[Entry]]
    others: Mapping[int, Thing]
    opened: list[Step]


def find(scope: Scope, kind: Kind, ids: Sequence[int], span: Span, *, look: bool = False) -> Found:
    """What the copy and the journal know of these cars or users within the span.

    `look`: asks flinkey first about what is due to be confirmed, so that the page's news does not hang on the worker.
    """
    mine, theirs, other_kind = SIDES[kind]
    where = {f"{mine}__in": ids}
    steps = _steps(scope, where)
    if look and any(step.settled_at is None for step in steps):
        confirmation.check_overdue(scope, [step for step in steps if step.settled_at is None])
        steps = _steps(scope, where)
    wanted = queries.windows(scope).filter(Q(end=None) | Q(end__gt=span.start), start__lt=span.end, **where)
    rows = list(wanted.order_by("start", "flinkey_id").values_list("flinkey_id", "car_id", "user_id", "start", "end"))
    coming = confirmation.arrived(steps, rows)
    changing = {step.window_id: step for step in steps if step.window_id and step.settled_at is None} | coming
    entries: dict[int, list[Entry]] = defaultdict(list)
    for number, car, user, start, end in rows:
        me, it = (car, user) if kind == Kind.CARS else (user, car)
        entries[me or 0].append(Entry(number, it, start, end, changing.get(number)))
    for step in steps:
        if step.verb == Verb.CREATE_WINDOW and step not in coming.values():
            entries[getattr(step, mine)].append(Entry(None, getattr(step, theirs), *step.times(), step))
    known = {entry.other_id for of_one in entries.values() for entry in of_one if entry.other_id}
    others = names_of(scope, other_kind, known)
    return Found(entries, others, [step for step in steps if step.settled_at is None])


def _steps(scope: Scope, where: dict[str, Any]) -> list[Step]:
    return confirmation.window_steps(scope, refused_since=timezone.now() - panel.RECENT, **where)


class Drawing:
    """Draws the rows of one page; what many bars share is worked out once."""

    def __init__(self, kind: Kind, span: Span, now: dt.datetime, here: str) -> None:
        """here: the page's own address, to which a form leads back."""
        self.kind, self.span, self.now = kind, span, now
        self.back = quote(here)
        self.new = reverse("assignments:window_new")
        self.window = reverse("assignments:window_detail", args=[1]).removesuffix("1/")
        self.words = _words()
        self.said: dict[dt.datetime, tuple[dt.date, str, str]] = {}

    def row(self, thing: Thing, found: Found, *, is_read: bool) -> Row:
        """A car or a user with all its bars; its gaps too, once flinkey has said which windows there are."""
        entries = [
            (entry, place)
            for entry in found.entries.get(thing.id, [])
            if (place := timeline.place(entry.start, entry.end, self.span))
        ]
        places = [place for _entry, place in entries]
        stacked = timeline.lanes(places, self.span)
        meets = timeline.overlapping([(entry.start, entry.end) for entry, _place in entries])
        row = label_of(thing)
        lanes = [
            [self._bar(*entries[number], row, found.others, meets=number in meets) for number in lane]
            for lane in stacked
        ]
        if is_read:
            free = timeline.gaps(places, self.span, self.span.minute(self.now))
            lanes = self._with_gaps(lanes, [[places[number] for number in lane] for lane in stacked], thing, free)
        url = reverse(f"fleet:{self.kind.singular}_detail", args=[thing.id])
        return Row(thing.id, name_of(thing), second_of(thing), url, lanes or [[]], is_read)

    def _with_gaps(
        self, lanes: list[list[Bar]], places: list[list[Place]], thing: Thing, free: list[Place]
    ) -> list[list[Bar]]:
        """Gaps stand in the first lane, in order of time: whoever goes by keyboard meets things as they follow."""
        first = [*zip(places[0], lanes[0], strict=True)] if lanes else []
        first += [(gap, self._gap(gap, thing.id, name_of(thing))) for gap in free]
        return [[bar for _place, bar in sorted(first, key=lambda one: one[0].left)], *lanes[1:]]

    def _bar(self, entry: Entry, place: Place, row: str, others: Mapping[int, Thing], *, meets: bool) -> Bar:
        state = panel.state_of(entry.step) if entry.step else "confirmed"
        phase = windows.phase(entry.start, entry.end, self.now)
        shown = phase if state == "confirmed" else state
        short, full = self._called(entry.other_id, others)
        words = [short, self.words[shown]]
        if entry.end is None:
            words.append(self.words["open"])
        if meets:
            words.append(self.words["meets"])
        text = " · ".join(words)
        said = [text, *([full] if full != short else []), row, self._when(entry.start, entry.end)]
        if state == "confirmed":
            said.append(self.words[state])
        elif entry.step and (note := panel.note_of(entry.step)):
            said.append(note)
        edges = {"open": entry.end is None, "before": place.before, "after": place.after}
        edges["thin"] = 2 * place.width < self.span.least
        look = " ".join(["win", shown, place.marks, *(word for word, is_so in edges.items() if is_so)])
        key = f"w{entry.window_id}" if entry.window_id else f"s{entry.step.pk if entry.step else 0}"
        return Bar(self._url(entry), look, ", ".join(said), SIGNS[shown], text, key, entry.window_id, state)

    def _url(self, entry: Entry) -> str:
        if entry.step:
            return reverse("operations:detail", args=[entry.step.operation_id])
        return f"{self.window}{entry.window_id}/?next={self.back}"

    def _gap(self, gap: Place, thing_id: int, row: str) -> Bar:
        """A link to the form, filled in with what is known. What is free already begins with now, as any new access."""
        start, end = self.span.moment(gap.left), self.span.moment(gap.right)
        zone = self.span.zone
        query = f"{self.kind.singular}={thing_id}&"
        if start > self.now:
            query += f"start={windows.local_text(start, zone)}&"
            say = _("Give access: %(row)s, free %(when)s") % {"row": row, "when": self._when(start, end)}
        else:
            say = _("Give access: %(row)s, free until %(end)s") % {"row": row, "end": self._said(end)[1]}
        query += f"end={windows.local_text(end, zone)}&next={self.back}"
        return Bar(f"{self.new}?{query}", f"gap {gap.marks}", say)

    def _called(self, other_id: int | None, others: Mapping[int, Thing]) -> tuple[str, str]:
        """The other side in a word, for which a plate is the best, and in full."""
        if other_id is None:
            return self.words["nobody"], self.words["nobody"]
        thing = others.get(other_id)
        if thing is None:
            gone = _("no longer known (%(id)s)") % {"id": other_id}
            return gone, gone
        if self.kind == Kind.CARS:
            return name_of(thing), name_of(thing)
        return second_of(thing) or name_of(thing), label_of(thing)

    def _when(self, start: dt.datetime, end: dt.datetime | None) -> str:
        day, begins, _time = self._said(start)
        if end is None:
            return f"{begins} {DASH} {_('open end')}"
        last, ends, clock = self._said(end)
        return f"{begins} {DASH} {clock if last == day else ends}"

    def _said(self, at: dt.datetime) -> tuple[dt.date, str, str]:
        """A moment's day, its date and time, its time alone. Of 3,000 windows many begin at the same hour."""
        known = self.said.get(at)
        if known is None:
            local = at.astimezone(self.span.zone)
            known = self.said[at] = (local.date(), moment(at), date_format(local, "TIME_FORMAT"))
        return known


def _words() -> dict[str, str]:
    """What a bar says of its state."""
    return {
        "running": _("In use"),
        "coming": _("Coming"),
        "past": _("Over"),
        "confirmed": _("Confirmed"),
        "sending": _("Sending"),
        "waiting": _("Waiting for flinkey"),
        "failed": _("Failed"),
        "unconfirmed": _("Not confirmed for 5 minutes"),
        "open": _("Open end"),
        "meets": _("Overlaps"),
        "nobody": _("unknown person"),
    }

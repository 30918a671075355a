"""Every component in every state, on this machine alone: `/components/`, drawn by the product's own templates.

The words are a developer's and stand in no catalogue; what the templates themselves say is in the reader's language.
"""

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace as Thing
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from flinkey_admin.places import STATIC

START = dt.datetime(2031, 3, 3, 8, tzinfo=dt.UTC)  # a Monday that no clock will ever call "today" by chance
END = START + dt.timedelta(hours=10)
LONG = "Werkstattersatzfahrzeug Nordost 77 (bitte nach jeder Fahrt vollladen und im Hof abstellen)"
TOKENS = re.compile(r"--([\w-]+): light-dark")
Example = tuple[str, dict[str, Any]]  # a template, and what it is given


class SampleForm(forms.Form):
    """A field of each kind."""

    name = forms.CharField(label="A text", help_text="What it is for.")
    mail = forms.EmailField(label="With an error", initial="no address")
    kind = forms.ChoiceField(label="A choice", choices=[("a", "The first"), ("b", "The second")], required=False)
    day = forms.DateField(label="A day", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    note = forms.CharField(label="A long text", widget=forms.Textarea, required=False)
    agreed = forms.BooleanField(label="A box to tick")
    place = forms.ChoiceField(label="One of a few", choices=[("1", "Hamburg"), ("2", LONG)], widget=forms.RadioSelect)
    fixed = forms.CharField(label="Not to be changed", initial="as it is", disabled=True)


def basics() -> list[tuple[str, list[Example]]]:
    """What all else is made of."""
    style = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    form = SampleForm({"name": "Anna", "mail": "no address", "place": "1"})
    states = "planned sending sent waiting accepted confirmed refused failed unknown unconfirmed paused running other"
    levels = ("good", "calm", "wait", "bad")
    marks = [("web/_state.html", {"state": state, "word": state.capitalize()}) for state in states.split()]
    return [
        ("Colours", [("web/_colours.html", {"names": sorted(set(TOKENS.findall(style)))})]),
        ("Type", [("web/_type.html", {"long": LONG})]),
        ("Buttons", [("web/_buttons.html", {"looks": ["main", "", "quiet", "danger", "main danger", "small"]})]),
        ("States", marks),
        ("Toasts", [("web/_toast.html", {"level": one, "sentence": LONG, "reference": "0A1B2C3D"}) for one in levels]),
        ("Age of the data", [("mirror/_age.html", {"age": Thing(state="fresh", read_at=START, total=9, done=4)})]),
        ("Form", [("web/_errors.html", {"form": form}), *(("web/_field.html", {"field": one}) for one in form)]),
        ("Menu", [("operations/_tray.html", {"tray": Thing(count=2, rows=[(_operation(), LONG, "")])})]),
    ]


def lists() -> list[tuple[str, list[Example]]]:
    """What is read row by row."""
    page = Paginator(range(312), 50).get_page(3)
    chips = [Thing(label=label, count=7, query="?", is_on=on) for label, on in (("All", True), ("Failed", False))]
    rows = Thing(shown=_items(), total=5, chips=chips, page=Paginator(_items(), 50).page(1), query="", result="")
    given = {"kind": "cars", "table": _table(page), "is_complete": True, "search_url": "/cars/"}
    running = {"operation": _operation(), "is_running": True, "done": 66, "total": 200, "counts": "66 of 200 are done."}
    return [
        ("A receipt", [("operations/_receipt.html", running), ("operations/_row_chips.html", {"rows": rows})]),
        ("Results", [("operations/_rows.html", {"rows": rows, "operation": _operation(), "left_out": [LONG]})]),
        ("Questions", [("assignments/_questions.html", {"questions": _questions(), "said": []})]),
        ("Found", [("assignments/_hits.html", {"hits": [("Pool 1", "HH-P 1"), (LONG, "B-XY 42")], "name": "car"})]),
        ("Nothing found", [("fleet/_empty.html", {"table": Thing(filtered=True), "search_url": "/cars/"})]),
        ("Waiting", [("web/_skeleton.html", {})]),
        ("An overview", [("fleet/_overview.html", _overview())]),
        ("What happened", [("operations/_events.html", {"events": _events(), "total": 3})]),
        ("Fifty rows", [("fleet/_list.html", given)]),
    ]


def timeline() -> list[tuple[str, list[Example]]]:
    """The bars and what stands around them."""
    days = [Thing(word=word, number=3 + at, look=_column(at), is_today=at == 1) for at, word in enumerate("MTWTFSS")]
    span = Thing(days=7, start=START)
    views = [Thing(label=label, query="", is_on=label == "Week") for label in ("Day", "Week", "Month")]
    shown = {"rows": _bars(), "heads": days, "total": "d7", "span": span, "kind": "cars", "title": "3 to 9 March"}
    around = {"title": "3 to 9 March", "views": views, "sides": views[1:]}
    found = shown | {"table": Thing(found=9), "minute": "d1 h9 wm1"}
    trouble = Thing(state="stale", read_at=START, sentence="flinkey does not answer just now.")
    return [
        ("Age of the data", [("mirror/_age.html", {"age": trouble})]),
        ("Other days", [("assignments/_range.html", around)]),
        ("Bars", [("assignments/_now.html", found), ("assignments/_timeline.html", found)]),
        ("Key", [("assignments/_legend.html", {})]),
    ]


PARTS: dict[str, Callable[[], list[tuple[str, list[Example]]]]] = {
    "basics": basics,
    "lists": lists,
    "timeline": timeline,
}


@login_not_required
def components(request: HttpRequest, part: str = "basics") -> HttpResponse:
    """One part of the components. Raises Http404 anywhere but on a developer's machine, where plain HTTP is spoken."""
    if not settings.LOOPBACK or part not in PARTS:
        raise Http404
    sections = [
        (
            title,
            "part-" + title.lower().replace(" ", "-"),
            [render_to_string(name, given, request) for name, given in examples],
        )
        for title, examples in PARTS[part]()
    ]
    return render(request, "web/components.html", {"sections": sections, "parts": PARTS, "part": part})


def _operation() -> Thing:
    """A move that is under way."""
    facts = Thing(kind="cars")
    who = Thing(email="coordinator@nordwind.example")
    return Thing(
        id=7, kind="move", state="sent", facts=facts, person=who, started_at=START, may_finish=True, reason=LONG
    )


def _items() -> list[Thing]:
    """A thing with each result."""
    why = "flinkey refused it: the group is gone."
    return [
        Thing(thing_id=at, label=f"{LONG} · HH-A {at}", kind="cars", state=state, word=state.capitalize(), text=text)
        for at, (state, text) in enumerate(
            [("confirmed", ""), ("refused", why), ("unknown", "It is looked for."), ("sent", ""), ("planned", "")], 1
        )
    ]


def _questions() -> list[Thing]:
    clash = Thing(
        window_id=1, who="Anna Petersen", span=Thing(start=START, end=END), parts=[Thing(start=START, end=END)]
    )
    asks = Thing(kind="clash", text=LONG, yes="Give it nevertheless", mark="a", clashes=[clash])
    return [asks, Thing(kind="told", text="An access without an end.", yes="", mark="b", clashes=[])]


def _overview() -> dict[str, Any]:
    """Numbers with and without a value, steps done and to do, a plan with long names and one without any."""
    shown = [(27, "In use now", "18% of 148 cars"), (0, "Starting today", ""), (None, "In no group", "")]
    numbers = [Thing(value=value, label=label, url="#part-an-overview", note=note) for value, label, note in shown]
    steps = [
        Thing(text=text, is_done=done, url="#part-an-overview", verb="Do it")
        for text, done in ((LONG, True), (LONG, False))
    ]
    cars = [Thing(id=1, license_plate="HH-P 1"), Thing(id=2, license_plate="")]
    events = [Thing(window_id=car.id, at=START, car=car, car_name=LONG, person="Anna Petersen") for car in cars]
    full = Thing(key="starting", title="Starting", cars=2, url="#part-an-overview", events=events, total=2)
    empty = Thing(key="ending", title="Ending", cars=0, events=[], none="Nothing ends today.")
    return {
        "cars": True,
        "date": START,
        "numbers": numbers,
        "concerns": numbers,
        "steps": steps,
        "plans": [full, empty],
    }


def _events() -> list[Thing]:
    named = {"at": START, "who": "Anna Petersen", "operation_id": 7}
    return [
        Thing(title=LONG, state="refused", word="Failed", **named),
        Thing(title="Moved", before="Hamburg", after="Berlin", state="confirmed", word="Confirmed", **named),
        Thing(title="Renamed", at=START, before="Pool 1", after=LONG, is_outside=True),
    ]


def _table(page: Any) -> Thing:
    """Fifty cars: with long names, without plates, in use, ticked, and some of an open change."""
    headings = [
        ("Car", "ascending", ""),
        ("Plate", "none", ""),
        ("VIN", "none", "extra"),
        ("Description", "none", "extra"),
    ]
    return Thing(
        rows=[_car(at) for at in range(1, 51)],
        found=312,
        filtered=False,
        page=page,
        ticked={2, 3},
        chips=[Thing(label="In use now", query="", is_on=True), Thing(label="In no group", query="", is_on=False)],
        headings=[Thing(text=text, order=order, room=room, query="sort=name") for text, order, room in headings],
    )


def _car(at: int) -> Thing:
    named = LONG if at % 5 == 1 else f"Pool {at}"
    plate = "" if at % 7 == 0 else f"HH-P {at}"
    use = Thing(label="Anna Petersen", other_id=1, start=START, end=END if at % 2 else None, is_open=at % 4 == 0)
    return Thing(
        id=at,
        name=named,
        thing=Thing(brand="Volkswagen", model="ID. Buzz", license_plate=plate, vin=f"WVW{at:014}", description=LONG),
        now=use if at % 3 == 0 else None,
        more=2 if at % 6 == 0 else 0,
        next=use if at % 4 == 1 else None,
        groups=[Thing(id=1, name="Hamburg"), Thing(id=2, name=LONG)][: at % 3],
        state="unknown" if at == 4 else "sent" if at == 5 else "",
    )


def _column(day: int) -> str:
    """The classes of a day's column: where it begins, a day wide."""
    return f"col d{day} wd1{' weekend' * (day > 4)}{' today' * (day == 1)}"


def _bars() -> list[Thing]:
    """A row for each state of a bar, one with two lanes, one not read yet."""
    signs = {
        "running": "●",
        "coming": "○",
        "past": "-",
        "sending": "↗",
        "waiting": "…",
        "unconfirmed": "?",
        "failed": "✕",
    }
    rows = []
    for at, (state, sign) in enumerate(signs.items()):
        bar = {"key": f"w{at}", "window_id": at, "state": state, "url": "#part-bars", "say": state, "sign": sign}
        whole = Thing(look=f"win {state} h8 wd1 wh6", text=f"Anna Petersen · {state}", **bar)
        thin = Thing(look=f"win {state} thin d2 h6 wm30", text=state, **bar | {"key": f"t{at}"})
        open_end = Thing(look=f"win {state} open d4 wd3", text=f"{LONG} · {state}", **bar | {"key": f"o{at}"})
        gap = Thing(look="gap d3 wd1", text="", url="#part-bars", say="Free")
        lanes = [[whole, thin, gap], [open_end]] if state == "running" else [[whole, thin, gap, open_end]]
        rows.append(
            Thing(id=at, name=LONG if at == 1 else f"Pool {at}", second=f"HH-P {at}", url="#part-bars", lanes=lanes)
        )
    return [*rows, Thing(id=99, name="Pool 99", second="", url="#part-bars", lanes=[[]], is_bare=True, is_read=False)]

"""How much of the fleet is in use, day by day: two weeks back, today, two weeks ahead. Counted and drawn here."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.db.models import Case, F, Q, TextField, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.mirror.models import Car, Window
from flinkey_admin.mirror.queries import day

BACK, AHEAD = 14, 14  # days before and after today
TALL = 120  # height of the tallest bar there can be, in pixels
LEAST = 2  # the same of the shortest one: a single car among ten thousand is seen

# A car, and from when until when somebody may open it (None: open end). The moments are texts that sort as they follow
# one another: ten thousand of them are read five times as quickly as times are.
Span = tuple[int, str, str | None]


@dataclass(frozen=True)
class Day:
    """A day of the fleet: of so many cars, so many that somebody may open at some time of it."""

    date: dt.date
    used: int
    cars: int
    phase: str  # past, today, planned

    @property
    def share(self) -> int:
        """In percent of all cars."""
        return round(100 * self.used / self.cars) if self.cars else 0

    @property
    def is_weekend(self) -> bool:
        return self.date.isoweekday() > 5


def days(scope: Scope, cars: int) -> list[Day]:
    """The days of the chart. `cars`: how many there are now; those that have gone since are counted until then."""
    edges = [day(offset)[0] for offset in range(-BACK, AHEAD + 2)]
    used = cars_in_use(_spans(scope, edges[0], edges[-1]), [_text(edge) for edge in edges])
    gone = list(scoped(Car.objects.all(), scope).filter(ended_at__gt=edges[0]).values_list("ended_at", flat=True))
    today = timezone.localdate()
    found = []
    for number, (edge, count) in enumerate(zip(edges, used, strict=False)):
        date = today + dt.timedelta(days=number - BACK)
        phase = "past" if date < today else "today" if date == today else "planned"
        there = cars + sum(1 for moment in gone if moment and moment > edge)
        found.append(Day(date, count, there, phase))
    return found


def cars_in_use(spans: Iterable[Span], edges: Sequence[str]) -> list[int]:
    """How many cars are in use in each stretch between two edges, however often one is in it.

    The spans come car by car, each car's from the earliest start on.
    """
    stretches = len(edges) - 1
    # What ends right at an edge does not reach beyond it; PostgreSQL writes the zone behind the second.
    ends = [f"{edge}+00" for edge in edges]
    changes = [0] * (stretches + 1)  # how many more cars are in use than in the stretch before
    car, counted = None, 0  # of this car all stretches before that one have been counted
    for one, start, stop in spans:
        if one != car:
            car, counted = one, 0
        first = max(bisect_right(edges, start) - 1, counted)
        last = stretches if stop is None else min(bisect_left(ends, stop), stretches)
        if first < last:
            changes[first] += 1
            changes[last] -= 1
            counted = last
    return list(accumulate(changes[:-1]))


def _spans(scope: Scope, first: dt.datetime, last: dt.datetime) -> Iterable[Span]:
    """The windows that overlap this time. One that was deleted counts until then, unless it had not even begun."""
    rows = scoped(Window.objects.all(), scope).filter(
        Q(end=None) | Q(end__gt=first),
        Q(ended_at=None) | (Q(ended_at__gt=first) & Q(ended_at__gt=F("start"))),
        start__lt=last,
        car_id__isnull=False,
    )
    start, end, ended = (Cast(name, TextField()) for name in ("start", "end", "ended_at"))
    stop = Case(When(end=None, then=ended), When(ended_at__lt=F("end"), then=ended), default=end)
    return rows.order_by("car_id", "start").values_list("car_id", start, stop)


def _text(moment: dt.datetime) -> str:
    """A moment as the database writes it, to the second."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


# The drawing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A day as it is drawn: places across are in percent, heights in pixels, both as SVG reads them."""

    day: Day
    date: str  # as a person reads it
    left: str
    y: int
    height: int
    month: bool  # whether the month stands below it
    tick: bool  # whether a phone shows its number as well: a Monday that is not too near to today

    @property
    def tip(self) -> str:
        """What the bar says to whoever points at it."""
        return _("%(date)s: %(used)s of %(cars)s cars, %(share)s%%") % {
            "date": self.date,
            "used": self.day.used,
            "cars": self.day.cars,
            "share": self.day.share,
        }


@dataclass(frozen=True)
class Chart:
    """The bars, and the lines behind them: a number of cars and the height at which it is."""

    bars: list[Bar]
    lines: list[tuple[int, int]]
    slot: str

    @property
    def today(self) -> Bar:
        return self.bars[BACK]


def draw(found: Sequence[Day]) -> Chart:
    """The chart of these days."""
    slot = 100 / len(found)
    top = ceiling(max(one.used for one in found))
    firsts = {number for number, one in enumerate(found) if one.date.day == 1}
    months = firsts if any(number < 4 for number in firsts) else firsts | {0}
    # Translators: a day within this year, with the day of the week; see Django's date format characters
    form, bars = _("D j M"), []
    for number, one in enumerate(found):
        height = max(LEAST, round(TALL * one.used / top)) if one.used else 0
        bars.append(
            Bar(
                one,
                date_format(one.date, form),
                left=f"{number * slot:.2f}%",
                y=TALL - height,
                height=height,
                month=number in months,
                tick=one.date.isoweekday() == 1 and abs(number - BACK) > 2,
            )
        )
    return Chart(bars, [(top, 0), (top // 2, TALL // 2)], f"{slot:.2f}%")


def ceiling(most: int) -> int:
    """The round even number at the top of the scale."""
    power = 1
    while True:
        for step in (2, 4, 6, 8, 10) if power == 1 else (12, 16, 20, 30, 40, 50, 60, 80, 100):
            top = step * power if power == 1 else step * power // 10
            if top >= most and top % 2 == 0:
                return top
        power *= 10

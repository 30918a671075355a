"""The timeline: 500 cars and 3,000 windows of a week on one page beside a bare page with as many elements, and a page
of it among 10,000 cars beside the same page among 500."""

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice, pairwise
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror.models import Car, Listing, Window
from tests.bench.probe import TAG
from tests.bench.rows import Row
from tests.bench.stage import EMAIL, PASSWORD, ROUNDS, count, fill, ratio, sandbox, scope_of, timed

WHOLE, FIRST = "/timeline/?per=500", "/timeline/"
CARS, EACH, MANY = 500, 6, 10_000
BARE = """<!doctype html><title>Bare</title><table>
{% for row in rows %}<tr id="{{ row.id }}"><th><a href="/cars/{{ row.id }}/">{{ row.name }}</a></th>
<td>{% for one in row.items %}<a href="/assignments/{{ one.id }}/" title="{{ one.start|date:'c' }}">
<span>{{ one.name }}</span></a>{% endfor %}</td></tr>{% endfor %}</table>"""


def measure() -> Iterator[Row]:
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    with sandbox("medium"):
        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        person = Client()
        assert person.post("/sign-in/", {"username": EMAIL, "password": PASSWORD}).status_code == 302
        fill(scope_of(person))
    customer = Customer.objects.get(flinkey_id="1")
    _book(customer)
    yield from _whole(person)
    yield from _grown(person, customer)


def _grown(person: Client, customer: Customer) -> Iterator[Row]:
    """The page of many cars beside that of few, turn by turn: the processor is not equally quick from minute to minute.

    The few are a copy of the database as it was before there were many.
    """
    large = settings.DATABASES["default"]["NAME"]
    small = f"{large}-small"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [small])
    _grow(customer)
    pages: dict[object, Any] = {}
    times: dict[object, list[float]] = {large: [], small: []}
    for _round in range(3 * ROUNDS):
        for database, found in times.items():
            connection.close()
            connection.settings_dict["NAME"] = database
            person.get(FIRST)
            began = time.thread_time()
            pages[database] = person.get(FIRST)
            found.append(time.thread_time() - began)
    connection.close()
    connection.settings_dict["NAME"] = large
    beside = f"{MANY} / {CARS} cars"
    for what, of in (("bytes", _bytes), ("nodes", _nodes)):
        heavy, light = of(pages[large]), of(pages[small])
        yield Row(f"{FIRST} {what}: {beside}", str(heavy), str(light), heavy / light, 1.05)
    yield ratio(f"{FIRST} server time: {beside}", times[large], times[small], 1.25)


def _whole(person: Client) -> Iterator[Row]:
    """The page of 500 cars beside the bare one, turn by turn."""
    page = person.get(WHOLE)
    bars = len(re.findall(rb'<a id="w\d+"', page.content))
    yield count(f"{WHOLE}: windows that it draws, of {CARS * EACH}", CARS * EACH - bars, 0, str(bars))
    nodes = _nodes(page)
    bare = _bare(nodes)
    assert abs(_nodes(bare()) / nodes - 1) < 0.01
    with CaptureQueriesContext(connection) as caught:
        person.get(WHOLE)
    yield count(f"{WHOLE} SQL statements", len(caught), 12)
    ours, theirs = [], []
    for _round in range(ROUNDS):
        ours.append(timed(lambda: person.get(WHOLE)))
        theirs.append(timed(bare))
    yield count(f"{WHOLE} bytes", len(page.content), 2_500_000, f"{len(bare().content)}")
    zipped = person.get(WHOLE, headers={"Accept-Encoding": "gzip"})
    yield count(f"{WHOLE} bytes on the wire", len(zipped.content), 200_000)
    yield count(f"{WHOLE} nodes", nodes, 20_000)
    yield ratio(f"{WHOLE} server time / a bare page of {nodes} nodes", ours, theirs, 4)


def _bare(nodes: int) -> Callable[[], HttpResponse]:
    """A page of as many elements out of the same tables: one statement, no access, no frame, no words."""
    template, factory = engines["django"].from_string(BARE), RequestFactory()
    links = (nodes - 2 - 4 * CARS) // 2

    def page() -> HttpResponse:
        request = factory.get("/")
        windows = Window.objects.order_by("car_id", "start")[: CARS * EACH]
        found = list(islice(cycle(windows), links))
        edges = [links * car // CARS for car in range(CARS + 1)]
        rows = [
            {
                "id": number,
                "name": f"Pool {number}",
                "items": [{"id": one.flinkey_id, "start": one.start, "name": one.user_id} for one in found[at:until]],
            }
            for number, (at, until) in enumerate(pairwise(edges))
        ]
        return HttpResponse(template.render({"rows": rows}, request))

    return page


def _bytes(page: Any) -> int:
    return len(page.content)


def _nodes(page: Any) -> int:
    return len(TAG.findall(page.content))


def _book(customer: Customer) -> None:
    """Six windows for each car in this week, as shifts are: some by night, some that overlap, some without an end."""
    Window.objects.all().delete()
    now = timezone.now()
    today = timezone.localdate()
    monday = dt.datetime.combine(
        today - dt.timedelta(days=today.weekday()), dt.time(), timezone.get_current_timezone()
    ).astimezone(dt.UTC)
    made: list[Window] = []
    for car in range(1, CARS + 1):
        for turn in range(EACH):
            start = monday + dt.timedelta(hours=26 * turn + car % 8, minutes=15 * (car % 4))
            end = None if turn == EACH - 1 and car % 10 == 0 else start + dt.timedelta(hours=(8, 9, 24, 30)[car % 4])
            number = len(made) + 1
            made.append(
                Window(
                    customer=customer,
                    flinkey_id=number,
                    car_id=car,
                    user_id=number % 300 + 1,
                    start=start,
                    end=end,
                    seen_at=now,
                )
            )
    Window.objects.bulk_create(made)


def _grow(customer: Customer) -> None:
    """Twenty times as many cars, behind the others in every order, a fifth of them with a window this week."""
    first = Car.objects.get(customer=customer, flinkey_id=1)
    windows = list(Window.objects.filter(car_id=1))
    numbers = range(CARS + 1, MANY + 1)
    later = {"customer": customer, "seen_at": first.seen_at}
    Car.objects.bulk_create(
        [
            Car(
                **later,
                flinkey_id=number,
                name=f"Zz {number}",
                search=f"zz {number}",
                squeezed=f"zz{number}",
                sort_name=f"zz {number:05}",
            )
            for number in numbers
        ]
    )
    Window.objects.bulk_create(
        [
            Window(
                **later,
                flinkey_id=10_000 + number,
                car_id=number,
                user_id=1,
                start=windows[0].start,
                end=windows[0].end,
            )
            for number in numbers[::5]
        ]
    )
    Listing.objects.bulk_create(
        [Listing(customer=customer, name=f"cars/{number}/windows", read_at=first.seen_at) for number in numbers]
    )

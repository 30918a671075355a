"""A dashboard in a process of its own over the database in BENCH_VAR: `python -m tests.bench.probe fill|serve|prune`.

`fill` reads the whole fleet of the sandbox at BENCH_URL. `serve` answers each path on its standard input with what the
page costs. `prune PATH...` leaves of the fleet only what these pages show.
"""

import json
import re
import sys
import time
from collections import defaultdict
from typing import Any

from tests.bench import stage  # first: it makes Django ready

from django.db import connection  # isort: skip
from django.db.models import Q  # isort: skip
from django.test import Client  # isort: skip
from django.test.utils import CaptureQueriesContext  # isort: skip
from django.utils import timezone  # isort: skip

from flinkey_admin.flinkey import Kind  # isort: skip
from flinkey_admin.mirror import lists  # isort: skip
from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Window  # isort: skip
from flinkey_admin.mirror.queries import not_over  # isort: skip

TAG = re.compile(rb"<[a-zA-Z]")
LINK = re.compile(r'href="/(cars|users|groups)/(\d+)/')
ROW = re.compile(r'data-id="(\d+)"')


def serve() -> None:
    """For each line a path: its bytes, its elements, its statements and the processor's seconds."""
    person = stage.browser()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_cost(person, line.strip())) + "\n")
        sys.stdout.flush()


def _cost(person: Client, path: str) -> dict[str, float]:
    """The time is this thread's own: whatever else the machine does meanwhile does not count."""
    headers = {"HX-Request": "true"} if "acts=" in path else {}  # the palette asks by HTMX alone
    person.get(path, headers=headers)  # the first look of a while notes that somebody was here
    began = time.thread_time()
    answer = person.get(path, headers=headers)
    took = time.thread_time() - began
    assert answer.status_code == 200, path
    with CaptureQueriesContext(connection) as caught:
        person.get(path, headers=headers)
    return {
        "bytes": len(answer.content),
        "nodes": len(TAG.findall(answer.content)),
        "seconds": took,
        "sql": len(caught),
    }


def prune(paths: list[str]) -> None:
    """What comes first of many also comes first of few, so the same pages then show the same rows."""
    person = stage.browser()
    keep: dict[str, set[int]] = defaultdict(set)
    for path in paths:
        page = person.get(path).content.decode()
        for kind, number in LINK.findall(page):
            keep[kind].add(int(number))
        for kind in (Kind.SERVICES, Kind.PRODUCTS):
            if f"/{kind}/" in path:
                rows = {int(number) for number in ROW.findall(page)}
                keep[kind] |= rows
                keep["cars"] |= _in_use_beside(kind, rows) if "state=beside" in path else set()
    beside = Window.objects.filter(Q(car_id__in=keep["cars"]) | Q(user_id__in=keep["users"]))
    for car_id, user_id in beside.values_list("car_id", "user_id"):
        keep["cars"] |= {car_id} if car_id else set()
        keep["users"] |= {user_id} if user_id else set()
    for kind in Kind:
        inside = Membership.objects.filter(kind=kind, thing_id__in=keep[kind])
        keep["groups"] |= set(inside.values_list("group__flinkey_id", flat=True))
    _forget_all_but(keep)
    sys.stdout.write(str(len(keep["cars"])))


def _in_use_beside(kind: Kind, things: set[int]) -> set[int]:
    """For each group that these are in one car in use, for want of which the list would not show them."""
    groups = Membership.objects.filter(kind=kind, thing_id__in=things).values("group")
    usable = Window.objects.filter(not_over(timezone.now())).exclude(car_id=None).values("car_id")
    cars = Membership.objects.filter(kind=Kind.CARS, thing_id__in=usable, group__in=groups)
    return set(dict(cars.order_by("-thing_id").values_list("group", "thing_id")).values())


def _forget_all_but(keep: dict[str, set[int]]) -> None:
    Window.objects.exclude(car_id__in=keep["cars"]).exclude(user_id__in=keep["users"]).delete()
    Group.objects.exclude(flinkey_id__in=keep["groups"]).delete()
    known = {name for number in keep["groups"] for name in lists.of_group(number)}
    known |= {lists.car_windows(number) for number in keep["cars"]}
    Listing.objects.filter(name__contains="/").exclude(name__in=known).delete()
    for kind, model in THINGS.items():
        rows: Any = model._default_manager
        rows.exclude(flinkey_id__in=keep[kind]).delete()
        Membership.objects.filter(kind=kind).exclude(thing_id__in=keep[kind]).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        stage.fill(stage.scope_of(stage.browser()))
    elif sys.argv[1] == "prune":
        prune(sys.argv[2:])
    else:
        serve()

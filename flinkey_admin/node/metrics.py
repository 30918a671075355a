"""Figures for Prometheus: what the database says at the moment it is asked, for the whole installation.

So every web node says the same, and one of them is enough to ask. No label names a person or a customer.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator

from django.db.models import Count, Max, Min, Sum
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from flinkey_admin.accounts.models import SignIn
from flinkey_admin.mirror import breaker, lists
from flinkey_admin.mirror.models import Listing
from flinkey_admin.node import health
from flinkey_admin.node.copies.archive import our_version
from flinkey_admin.node.counting import WAITS
from flinkey_admin.node.models import Calls
from flinkey_admin.operations.calls import WINDOW_VERBS
from flinkey_admin.operations.models import Hold, Operation, State, Step, Webhook

PREFIX = "flinkey_admin_"
TROUBLES = ("down", "busy", "key")
QUEUES = ("default", "runs", "sweep")
OPEN = (State.ACCEPTED, State.UNKNOWN)


class Figures:
    """What is asked of the database at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Every figure there is. Raises DatabaseError."""
        for figures in FIGURES:
            yield from figures(timezone.now())


def text() -> bytes:
    """All figures, as Prometheus reads them. Raises DatabaseError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry)


def _gauge(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    metric = GaugeMetricFamily(PREFIX + name, what, labels=[label] if label else [])
    for key, value in values.items():
        metric.add_metric([key] if label else [], value)
    return metric


def _age(moment: dt.datetime | None, now: dt.datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _node(_now: dt.datetime) -> Iterator[Metric]:
    yield _gauge("info", "Which version answers", "version", {our_version(): 1})
    yield _gauge("ready", "Whether this node is ready, 1 or 0", "", {"": float(not health.trouble())})


def _calls(_now: dt.datetime) -> Iterator[Metric]:
    metric = HistogramMetricFamily(
        f"{PREFIX}upstream_call_seconds", "Calls of flinkey by all processes", labels=["operation", "result"]
    )
    edges = [*(str(edge) for edge in WAITS), "+Inf"]
    for row in Calls.objects.order_by("operation", "result"):
        sums = [sum(row.waits[: number + 1]) for number in range(len(edges))]
        metric.add_metric([row.operation, row.result], list(zip(edges, sums, strict=True)), row.seconds)
    yield metric
    trouble = breaker.state().trouble
    values = {name: float(name == trouble) for name in TROUBLES}
    yield _gauge("upstream_trouble", "What is the matter with flinkey, 1 where it is so", "trouble", values)


def _changes(now: dt.datetime) -> Iterator[Metric]:
    started = Operation.objects.filter(started_at__isnull=False)
    found = dict(started.values_list("state").annotate(Count("pk")).order_by())
    values: dict[str, float] = {str(state): found.get(state, 0) for state in State}
    yield _gauge("operations", "Changes that are kept, by state", "state", values)
    unfinished = started.filter(finished_at=None)
    held = dict(unfinished.values_list("hold").annotate(Count("pk")).order_by())
    yield _gauge(
        "operations_held",
        "Changes not finished, by why they rest",
        "hold",
        {str(one): held.get(one, 0) for one in Hold},
    )
    oldest = unfinished.aggregate(at=Min("started_at"))["at"]
    yield _gauge(
        "operation_oldest_seconds", "Age of the oldest change that is not finished", "", {"": _age(oldest, now)}
    )
    windows = Step.objects.filter(state__in=OPEN, verb__in=WINDOW_VERBS, operation__finished_at=None)
    waits = windows.aggregate(count=Count("pk"), at=Min("sent_at"))
    yield _gauge("accesses_waiting", "Accesses that flinkey has not confirmed yet", "", {"": waits["count"]})
    yield _gauge("access_oldest_seconds", "How long the oldest of them waits", "", {"": _age(waits["at"], now)})


def _tasks(now: dt.datetime) -> Iterator[Metric]:
    counts: dict[str, float] = dict.fromkeys(QUEUES, 0)
    ages: dict[str, float] = dict.fromkeys(QUEUES, 0)
    for queue, run_after, enqueued_at in DBTaskResult.objects.ready().values_list(
        "queue_name", "run_after", "enqueued_at"
    ):
        # A task without a time of its own waits since it was asked for; its time is the end of all time.
        waits = _age(run_after if run_after <= now else enqueued_at, now)
        counts[queue] = counts.get(queue, 0) + 1
        ages[queue] = max(ages.get(queue, 0), waits)
    yield _gauge("tasks_waiting", "Tasks whose time has come", "queue", counts)
    yield _gauge("task_oldest_seconds", "How long the oldest of them waits for a worker", "queue", ages)


def _copy(now: dt.datetime) -> Iterator[Metric]:
    oldest: dict[str, float] = defaultdict(float)
    counts: dict[str, float] = defaultdict(float)
    for name, read_at in Listing.objects.exclude(read_at=None).values_list("name", "read_at").iterator():
        first, number, last = lists.parts(name)
        kind = "/".join(part for part in (first, "*" if number else "", last) if part)
        oldest[kind] = max(oldest[kind], _age(read_at, now))
        counts[kind] += 1
    yield _gauge(
        "copy_oldest_seconds", "Age of the copy, of the list of each kind that was read longest ago", "list", oldest
    )
    yield _gauge("copy_lists", "Lists in the copy", "list", counts)


def _people(now: dt.datetime) -> Iterator[Metric]:
    live = SignIn.objects.filter(expires_at__gt=now).count()
    yield _gauge("sessions", "Sign-ins that have not run out", "", {"": live})
    counts: dict[str, float] = {}
    for shape, is_odd in (("known", False), ("odd", True)):
        counts[shape] = Webhook.objects.filter(is_odd=is_odd).aggregate(count=Sum("times"))["count"] or 0
    yield _gauge("webhooks", "Messages of flinkey that are kept, by whether their shape is known", "shape", counts)
    last = Webhook.objects.aggregate(at=Max("last_at"))["at"]
    if last:
        yield _gauge("webhook_last_seconds", "Since the last message of flinkey", "", {"": _age(last, now)})


FIGURES: list[Callable[[dt.datetime], Iterator[Metric]]] = [_node, _calls, _changes, _tasks, _copy, _people]

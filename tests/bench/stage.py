"""What every measurement needs: the dashboard in this process, a flinkey in another one, figures as rows of a table.

Import this first: it says where the dashboard keeps its data before Django reads it.
"""

import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

os.environ.update(
    DEBUG="true",
    FLINKEY_API_KEY="sandbox-key",
    FLINKEY_API_URL=os.environ.get("BENCH_URL", "http://127.0.0.1:1/v3"),
    FLINKEY_CALLS_PER_SECOND="100000",
    VAR_DIR=os.environ.get("BENCH_VAR") or tempfile.mkdtemp(prefix="flinkey-bench-"),
    DJANGO_SETTINGS_MODULE="flinkey_admin.settings",
)

import flinkey_admin.wsgi  # noqa: F401 - as the server starts

logging.disable(logging.ERROR)  # a line for each of ten thousand calls would hide the table

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from flinkey_admin.accounts import tokens
from flinkey_admin.accounts.models import Manager
from flinkey_admin.accounts.scoping import Scope, scope_for
from flinkey_admin.mirror import lists, sweep
from flinkey_admin.mirror.models import Listing
from flinkey_admin.sandbox import Remote
from tests.bench.rows import Row

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent
LATENCY, ROUNDS = 0.1, 5
EMAIL, PASSWORD = "coordinator@nordwind.example", "flinkey-demo"


@contextmanager
def sandbox(scenario: str) -> Iterator[Remote]:
    """A flinkey in a process of its own, so that it does not share this one's interpreter."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port), "--scenario", scenario]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()  # its greeting: it answers from here on
        settings.FLINKEY_API_URL = f"http://127.0.0.1:{port}/v3"
        try:
            yield Remote(settings.FLINKEY_API_URL)
        finally:
            process.terminate()


def browser() -> Client:
    """Signed in, with a database of its own that knows nothing yet."""
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    call_command("migrate", verbosity=0)
    person = Client()
    assert person.post("/sign-in/", {"username": EMAIL, "password": PASSWORD}).status_code == 302
    return person


def scope_of(person: Client) -> Scope:
    scope = scope_for(Manager.objects.get(email=EMAIL), "1", tokens.read(person.session))
    assert scope
    return scope


def fill(scope: Scope) -> None:
    """Reads everything, as the worker's sweep does."""
    while not Listing.objects.filter(name=lists.EVERYTHING).exclude(read_at=None).exists():
        sweep.read_ahead(scope)


def patient(ask: Callable[[], T], seconds: float = 30.0) -> T:
    """What a process answers that has just been started, as soon as it does."""
    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(name: str, ours: list[float], others: list[float], budget: float) -> Row:
    """The median of the ratios of pairs that were taken turn by turn."""
    value = statistics.median(one / other for one, other in zip(ours, others, strict=True))
    middle, beside = statistics.median(ours), statistics.median(others)
    return Row(name, f"{middle * 1000:.1f} ms", f"{beside * 1000:.1f} ms", value, budget)


def count(name: str, value: float, budget: float, beside: str = "") -> Row:
    return Row(name, f"{value:g}", beside, value, budget)

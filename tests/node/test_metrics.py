"""Figures for Prometheus: who may read them, that they are true, and that the example alerts are about what exists."""

import datetime as dt
import re
import shutil
import subprocess
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families

from flinkey_admin import upstream
from flinkey_admin.node import counting
from flinkey_admin.node.models import Calls
from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.conftest import COORDINATOR, Person
from tests.operations.windows import give, send, told
from tests.project.source import ROOT

TOKEN = "a token of this test"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def counted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Counts as an installation with METRICS_TOKEN does, but for the thread that stores it now and then."""
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(counting, "_start", lambda: None)
    counting._counts.clear()
    upstream.called.connect(counting.called)
    yield settings
    upstream.called.disconnect(counting.called)
    counting._counts.clear()


def scrape(**headers: str) -> Any:
    return Client(headers={"Authorization": f"Bearer {TOKEN}"} | headers).get("/metrics")


def figures() -> Figures:
    counting.store()
    answer = scrape()
    assert answer.status_code == 200
    return {
        (sample.name.removeprefix("flinkey_admin_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "brought", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} ", "Bearer é"]
)
def test_without_the_token_there_is_nothing(db: None, counted: Any, brought: str) -> None:
    assert scrape(Authorization=brought).status_code == 404


def test_without_the_setting_there_is_nothing(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert [scrape().status_code, scrape(Authorization="Bearer ").status_code] == [404, 404]


def test_it_is_for_the_right_one_whatever_name_the_node_is_called_by(db: None, counted: Any) -> None:
    assert scrape(host="10.0.0.7:8000").status_code == 200


def test_calls_by_operation_and_result(counted: Any, coordinator: Person, remote: Remote) -> None:
    counting._counts.clear()
    coordinator.get("/groups/")
    remote.fault("getCars", "status", status=500, times=9)
    coordinator.get("/cars/")
    found = figures()
    of = (("operation", "getGroups"), ("result", "200"))
    assert found["upstream_call_seconds_count", of] == len(remote.requests("getGroups"))
    assert found["upstream_call_seconds_bucket", (("le", "+Inf"), *of)] == found["upstream_call_seconds_count", of]
    assert found["upstream_call_seconds_bucket", (("le", "20.0"), *of)] == found["upstream_call_seconds_count", of]
    assert 0 < found["upstream_call_seconds_sum", of] < 20
    assert found["upstream_call_seconds_count", (("operation", "getCars"), ("result", "500"))] >= 1
    assert found["upstream_trouble", (("trouble", "down"),)] == 1


def test_the_counts_of_all_processes_add_up(db: None, counted: Any) -> None:
    for seconds in (0.01, 0.2, 0.05, 60):
        counting.called("getCar", "200", seconds)
        counting.store()
    counting.store()
    row = Calls.objects.get()
    assert (row.count, round(row.seconds, 2), row.waits) == (4, 60.26, [2, 0, 1, 0, 0, 0, 0, 0, 0, 1])


def test_what_cannot_be_stored_is_kept(db: None, counted: Any) -> None:
    counting.called("getCar", "200", 0.1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE node_calls RENAME TO elsewhere")
        counting.store()
        cursor.execute("ALTER TABLE elsewhere RENAME TO node_calls")
    assert Calls.objects.count() == 0
    counting.called("getCar", "200", 0.1)
    counting.store()
    assert Calls.objects.get().count == 2


def test_changes_accesses_tasks_messages_and_sign_ins(counted: Any, coordinator: Person, remote: Remote) -> None:
    remote.settings(delay=60)
    give(coordinator)
    send(told(999))
    send({"what": "is this?"})
    DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        backend_name="default",
        queue_name="sweep",
        task_path="x",
        exception_class_path="",
        run_after=timezone.now() - dt.timedelta(seconds=300),
    )
    found = figures()
    assert found["operations", (("state", "accepted"),)] == Operation.objects.count() == 1
    assert found["accesses_waiting", ()] == 1
    assert found["access_oldest_seconds", ()] >= 0
    assert 300 <= found["task_oldest_seconds", (("queue", "sweep"),)] < 400
    assert found["tasks_waiting", (("queue", "sweep"),)] >= 1
    assert found["webhooks", (("shape", "odd"),)] == 1
    assert found["webhooks", (("shape", "known"),)] == 1
    assert found["sessions", ()] == 1
    assert found["ready", ()] == 1
    assert found["copy_lists", (("list", "cars/*/windows"),)] >= 1


def test_no_label_names_anybody(counted: Any, coordinator: Person, remote: Remote) -> None:
    for path in ("/groups/1/", "/users/", "/users/1/", "/cars/1/"):
        coordinator.get(path)
    figures()
    text = scrape().content.decode()
    names = [coordinator_name for user in remote.state(1)["users"] for coordinator_name in (user["emailAddress"],)]
    for word in (COORDINATOR, "Nordwind", "Hamburg", *names, TOKEN):
        assert word not in text
    assert not re.search(r'="\d+"', re.sub(r'(le|result|version)="[\d.]+"', "", text)), "and no number of anything"


def test_a_database_that_does_not_answer(db: None, counted: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE node_calls RENAME TO elsewhere")
    assert scrape().status_code == 503


def test_every_alert_is_about_a_figure_that_exists(counted: Any, coordinator: Person) -> None:
    coordinator.get("/groups/")
    send(told(999))
    exists = {name for name, _labels in figures()}
    named = set(re.findall(r"flinkey_admin_(\w+)", ALERTS.read_text(encoding="utf-8")))
    assert len(named) > 8
    assert named - exists == set()
    labels = {f'{name}="{value}"' for _name, pairs in figures() for name, value in pairs}
    matched = set(re.findall(r'\b(?:trouble|queue|hold|shape)="\w+"', ALERTS.read_text(encoding="utf-8")))
    assert len(matched) > 3
    assert matched - labels == set()


def test_prometheus_understands_both(counted: Any, coordinator: Person) -> None:
    """Where its own tool is there, as after `apt install prometheus`."""
    if not (tool := shutil.which("promtool")):
        pytest.skip("promtool of Debian's package prometheus is not installed")
    subprocess.run([tool, "check", "rules", str(ALERTS)], check=True, capture_output=True)
    coordinator.get("/groups/")
    counting.store()
    done = subprocess.run([tool, "check", "metrics"], input=scrape().content, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

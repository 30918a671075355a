"""`flinkey-admin check` and its page: each thing in a state, in words, with what to do."""

import datetime as dt
import os
import re
import ssl
import time
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import Customer
from flinkey_admin.checks import HINTS
from flinkey_admin.node import pulse
from flinkey_admin.node.checkup import configured, here, outside
from flinkey_admin.node.checkup.lines import BAD, GOOD, LOOK, NONE, OFF, Line
from flinkey_admin.node.models import Worker
from flinkey_admin.operations.models import Webhook
from flinkey_admin.operations.upkeep import run_operation
from flinkey_admin.sandbox import Remote
from tests.accounts.stage import operations
from tests.conftest import Person
from tests.flinkey.wires import Wire, answer, silence
from tests.tls import certificate

WRONG_KEY = {"statusCode": 401, "message": "Access denied due to invalid subscription key."}


def states(lines: list[Line]) -> dict[str, str]:
    return {line.title: line.state for line in lines}


def all_at_work() -> None:
    """The three workers of a node, as their processes say it."""
    pulse.beat("default,runs,sweep")


# flinkey ------------------------------------------------------------------------------------------------------------


def test_flinkey_is_reached_takes_the_key_and_has_the_same_time(remote: Remote) -> None:
    assert states(outside.lines()) == {
        "flinkey": GOOD,
        "Key of the company": GOOD,
        "Clock": GOOD,
        "Certificate of flinkey": NONE,  # plain HTTP, on this machine
        "Own address": NONE,
    }


def test_a_wrong_key_is_told_from_a_flinkey_that_is_away(remote: Remote, settings: Any) -> None:
    remote.fault("*", "bad-key", times=-1)
    assert states(outside.lines())["Key of the company"] == BAD
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    assert states(outside.lines()) == {"flinkey": BAD, "Certificate of flinkey": NONE, "Own address": NONE}


@pytest.mark.parametrize(("seconds", "state"), [(2, GOOD), (-20, LOOK), (20, LOOK), (90, BAD), (-4000, BAD)])
def test_a_clock_that_goes_wrong_is_measured(settings: Any, seconds: int, state: str) -> None:
    told = format_datetime(dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds), usegmt=True)
    with Wire(answer(401, WRONG_KEY, Date=told)) as wire:
        settings.FLINKEY_API_URL = wire.url
        (clock,) = [line for line in outside.lines() if line.title == "Clock"]
    assert clock.state == state
    if state != GOOD:
        assert ("ahead of" if seconds > 0 else "behind") in clock.text


@pytest.mark.parametrize(("days", "state"), [(200, GOOD), (10, LOOK), (1, BAD), (-1, BAD)])
def test_a_certificate_that_ends_is_told_in_time(settings: Any, tmp_path: Path, days: int, state: str) -> None:
    pem = certificate(tmp_path / "server.pem", days)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with Wire(answer(401, WRONG_KEY), tls=tls) as wire:
        settings.FLINKEY_API_URL, settings.FLINKEY_CA_BUNDLE = wire.url, str(pem)
        found = outside.lines()
        settings.FLINKEY_CA_BUNDLE = ""
        foreign = outside.lines()
    assert states(found)["Certificate of flinkey"] == state
    (line,) = [one for one in foreign if one.title == "Certificate of flinkey"]
    assert (line.state, "FLINKEY_CA_BUNDLE" in line.todo) == (BAD, True)


def test_a_flinkey_that_says_nothing_is_not_waited_for(settings: Any) -> None:
    with Wire(silence) as wire:
        settings.FLINKEY_API_URL = wire.url
        began = time.monotonic()
        found = states(outside.lines())
        took = time.monotonic() - began
    assert found["flinkey"] == BAD
    assert took < outside.AT_MOST


# The dashboard's own address ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_own_address_and_that_for_webhooks_answer(live_server: Any, settings: Any) -> None:
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    found = states(outside.lines(f"{live_server.url}/"))
    assert (found["Own address"], found["Address for webhooks"]) == (GOOD, GOOD)


def test_an_own_address_that_is_not_known_is_named_with_what_to_type(settings: Any) -> None:
    settings.FLINKEY_API_URL, settings.URL_PREFIX = "http://127.0.0.1:9/v3", "/flinkey"
    settings.LOOPBACK, settings.ALLOWED_HOSTS = False, ["fleet.example.com", "other.example.com"]
    line = outside.lines()[-1]
    assert (line.title, line.state) == ("Own address", NONE)
    assert line.todo == "Type flinkey-admin check --url https://fleet.example.com/flinkey/"
    assert "Own address" not in [one.title for one in outside.lines("http://127.0.0.1:9/") if one.state == NONE]


def test_another_server_under_the_own_address_is_noticed(settings: Any) -> None:
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    with Wire(answer(200, b"It works!")) as wire:
        found = states(outside.lines(wire.url.removesuffix("v3")))
    assert (found["Own address"], found["Address for webhooks"]) == (BAD, BAD)
    assert states(outside.lines("http://127.0.0.1:9/"))["Own address"] == LOOK


def test_an_own_address_that_says_nothing_is_no_fault_of_flinkey(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with several addresses of which each lets its caller wait: all of them together are not waited for."""
    monkeypatch.setattr(outside, "AT_MOST", 0.3)
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    with Wire(silence) as wire:
        told = outside.lines(wire.url.removesuffix("v3"))
        settings.FLINKEY_API_URL = wire.url
        late = outside.lines()
    assert [(line.title, line.state) for line in told] == [
        ("flinkey", BAD),
        ("Certificate of flinkey", NONE),
        ("Own address", LOOK),
        ("Address for webhooks", LOOK),
    ]
    assert [line.text for line in late if line.state == BAD] == ["There was no answer in time."]


# Here ---------------------------------------------------------------------------------------------------------------


def test_workers_are_missed_once_they_give_no_sign(db: None) -> None:
    assert here.workers().state == BAD
    all_at_work()
    assert here.workers().state == GOOD
    Worker.objects.update(seen_at=timezone.now() - pulse.GONE - dt.timedelta(seconds=1))
    assert here.workers().state == BAD
    all_at_work()
    assert here.workers().state == GOOD
    pulse.end()
    assert not Worker.objects.exists()


def test_a_queue_without_a_worker_is_named(db: None) -> None:
    pulse.beat("default")
    line = here.workers()
    assert (line.state, line.detail.endswith("missing: runs, sweep")) == (BAD, True)


def test_machines_that_share_a_file_of_sqlite_are_noticed(db: None) -> None:
    all_at_work()
    Worker.objects.create(name="other:1", machine="other", queues="runs", seen_at=timezone.now())
    assert ("SQLite" in here.workers().text) == (connection.vendor == "sqlite")


def test_a_customer_hears_of_its_own_webhooks_alone(db: None) -> None:
    ours, theirs = (Customer.objects.create(flinkey_id=number, name=number) for number in ("1", "2"))
    Webhook.objects.create(customer=theirs, digest="x", body="{}")
    assert (here.webhooks(ours).state, here.webhooks(theirs).state) == (OFF, GOOD)


def test_nothing_need_be_done_for_webhooks_that_have_not_come(db: None, settings: Any) -> None:
    assert here.webhooks(None).state == OFF
    settings.FLINKEY_WEBHOOK_SECRET = ""
    assert here.webhooks(None).state == OFF


def test_backups_are_missed_a_week_after_the_last_one(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    assert here.backups().state == OFF
    mark = tmp_path / "last-backup"
    mark.touch()
    told = []
    for days in (6, 8):
        made = (timezone.now() - dt.timedelta(days=days)).timestamp()
        os.utime(mark, (made, made))
        told.append((here.backups().state, here.backups().text))
    assert [state for state, _text in told] == [GOOD, LOOK]
    assert [text.replace("\xa0", " ") for _state, text in told] == [
        "The last one was made 6 days ago.",
        "The last one was made 1 week, 1 day ago.",
    ]


def test_work_that_nobody_takes_is_noticed(db: None) -> None:
    all_at_work()
    run_operation.enqueue(1)
    assert here.workers().state == GOOD
    DBTaskResult.objects.update(enqueued_at=timezone.now() - dt.timedelta(minutes=7))
    assert (here.workers().state, "7\xa0minutes" in here.workers().text) == (LOOK, True)


def test_what_only_may_be_meant_so_is_said(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOOPBACK, settings.TRUSTED_PROXIES, settings.FLINKEY_WEBHOOK_SECRET = False, 0, "short"
    secret = tmp_path / "key"
    secret.write_text("s")
    secret.chmod(0o604)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("TOKEN_KEYS_FILE", str(secret))
    monkeypatch.setenv("TRUSTED_PROXY", "1")
    told = [(line.text, line.detail) for line in configured.lines()]
    assert ("A file with secrets can be read by everybody on this machine.", str(secret)) in told
    assert ("A variable has almost the name of a setting, but nothing reads it.", "TRUSTED_PROXY") in told
    assert [text for text, _detail in told if "TRUSTED_PROXIES is 0" in text or "secret of the webhooks" in text]
    secret.chmod(0o600)
    assert str(secret) not in {line.detail for line in configured.lines()}


def test_the_file_of_each_secret_is_looked_at() -> None:
    secret = {name for name in HINTS if name.endswith(("_KEY", "_KEYS", "_SECRET", "_TOKEN", "_OLD"))}
    assert secret | {"DATABASE_URL", "CACHE_URL", "FLINKEY_PROXY"} == configured.SECRETS


def told_of(settings: Any, cache: str, monkeypatch: pytest.MonkeyPatch, **database: Any) -> set[str]:
    """What is said of the ways to other machines."""
    settings.LOOPBACK = False
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": cache}}
    for name, value in database.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    return {line.text for line in configured.lines() if "another machine" in line.text}


PLAIN_DATABASE = "The database is on another machine, and TLS does not make sure of it."
PLAIN_CACHE = "The cache is on another machine, and is spoken to without TLS."
OPEN_CACHE = "The cache is on another machine, and asks for no password."


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("host", "mode", "cache", "says"),
    [
        ("", None, "", set()),
        ("localhost", None, "redis://127.0.0.1:6379/0", set()),
        ("/run/postgresql", None, "redis://[::1]:6379/0", set()),
        ("db.example", None, "redis://cache.example:6379/0", {PLAIN_DATABASE, PLAIN_CACHE, OPEN_CACHE}),
        ("10.0.0.2", "require", "redis://:word@10.0.0.3:6379/0", {PLAIN_DATABASE, PLAIN_CACHE}),
        ("db.example", "verify-full", "rediss://cache.example:6379/0", {OPEN_CACHE}),
        ("db.example", "verify-ca", "rediss://me:word@cache.example:6379/0", set()),
    ],
)
def test_a_way_to_another_machine_without_tls_is_said(
    settings: Any, monkeypatch: pytest.MonkeyPatch, host: str, mode: str | None, cache: str, says: set[str]
) -> None:
    assert told_of(settings, cache, monkeypatch, HOST=host, OPTIONS={"sslmode": mode} if mode else {}) == says


# The command and the page -------------------------------------------------------------------------------------------


def test_the_command_ends_with_1_as_soon_as_something_is_to_be_mended(
    db: None, remote: Remote, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("checkup")
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "To mend  Workers: Not all of them run" in out
    assert "-> Start them with the service" in out
    assert out.endswith("Something has to be mended.\n")
    all_at_work()
    call_command("checkup")
    out = capsys.readouterr().out
    assert "Fine  flinkey: It answers after" in out
    assert "Fine  Workers: They are at work: 1 process on 1 machine." in out
    assert "To mend" not in out
    assert "Not checked  Own address: It is not known here, so neither it nor its certificate" in out
    assert "-> Type flinkey-admin check --url http" in out
    assert not {"sandbox-key", "test-secret"} & set(out.replace("(", " ").split())


def test_the_page_asks_flinkey_only_when_it_is_told_to(coordinator: Person, remote: Remote, settings: Any) -> None:
    before = len(operations(remote))
    page = coordinator.get("/node/").content.decode()
    assert len(operations(remote)) == before
    assert set(re.findall(r'<div data-state="(\w+)">', page)) == {GOOD, BAD, NONE, OFF}
    whole = coordinator.get("/node/?outside=1").content.decode()
    assert len(operations(remote)) == before + 1
    assert "flinkey takes it." in whole
    for secret in (settings.FLINKEY_API_KEY, settings.SECRET_KEY, *settings.TOKEN_KEYS, settings.FLINKEY_API_URL):
        assert secret not in whole
    assert str(settings.VAR_DIR) not in whole


def test_only_managers_see_it(visitor: Person) -> None:
    assert visitor.get("/node/").status_code == 302

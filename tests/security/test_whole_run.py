"""Everything that a whole run leaves behind, searched for tokens, passwords and keys: database, Redis, logs, cookies.

Dashboard and workers run as processes of their own with Redis; with `make secure` alone, for that takes half a minute.
"""

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis as library
import requests
from cryptography.fernet import Fernet

from flinkey_admin.sandbox import API_KEY, Remote
from tests.accounts.stage import tokens_of
from tests.browser.standing import SECRET, eventually, free_port, standing
from tests.cluster.servers import redis
from tests.conftest import COORDINATOR, PASSWORD

GUESS = "a-password-that-is-wrong"
KEY, TOKEN_KEY = "a-secret-key-of-the-whole-run-0123456789-abcdefghijkl", Fernet.generate_key().decode()
METRICS = "a-token-for-the-metrics-0123456789"
FORM = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FEED = re.compile(r"/calendar/([\w-]+)\.ics")
RUN = re.compile(r'action="(/operations/\d+/run/)"')


@dataclass
class Browser:
    """A person's, which keeps a note of every cookie it was ever sent."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)
    cookies: list[str] = field(default_factory=list)

    def get(self, path: str) -> str:
        return self._noted(self.session.get(f"{self.url}{path}", timeout=60))

    def post(self, path: str, at: str, **form: Any) -> str:
        """Sends a form from the page `at`, whose token goes with it."""
        token = FORM.search(self.get(at))
        assert token, at
        sent = {"csrfmiddlewaretoken": token[1], **form}
        return self._noted(self.session.post(f"{self.url}{path}", data=sent, timeout=60))

    def sign_in(self, password: str = PASSWORD) -> str:
        return self.post("/sign-in/", "/sign-in/", username=COORDINATOR, password=password)

    def _noted(self, answer: requests.Response) -> str:
        for one in (*answer.history, answer):
            self.cookies.append(str(one.headers.get("Set-Cookie", "")))
        return answer.text


@dataclass
class Run:
    """What is running, and where it leaves its traces."""

    url: str
    remote: Remote
    folder: Path
    cache: str


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Run]:
    with ExitStack() as stack:
        cache = stack.enter_context(redis(tmp_path, free_port()))
        names = {"SECRET_KEY": KEY, "TOKEN_KEYS": TOKEN_KEY, "METRICS_TOKEN": METRICS, "CACHE_URL": cache}
        running = stack.enter_context(standing(tmp_path, "yard", LOG_FORMAT=request.param, **names))
        running.remote.settings(strict=False, webhook_url=f"{running.url}/webhooks/flinkey/assignments/")
        running.remote.settings(webhook_secret=SECRET)
        yield Run(running.url, running.remote, tmp_path, cache)


def whole_day(run: Run, browser: Browser) -> set[str]:
    """All that a day brings, up to the moment before the sign-out; returns the secrets that were about."""
    browser.sign_in(GUESS)
    browser.sign_in()
    review = browser.post("/groups/1/cars/move/", "/groups/1/cars/", id=["1", "2"], to="2")
    browser.post(RUN.findall(review)[0], "/groups/1/cars/")
    window = {"car": "3", "user": "2", "start": "2032-03-01T10:00", "end": "2032-03-01T12:00"}
    browser.post("/assignments/new/", "/assignments/new/", **window)
    eventually(lambda: [one["status"] for one in run.remote.deliveries()] == [204], 60)
    eventually(lambda: 'data-state="confirmed"' in browser.get("/operations/"), 60)
    browser.post("/assignments/2/delete/", "/assignments/2/delete/")
    eventually(lambda: len(run.remote.deliveries()) == 2, 60)
    (feed,) = set(FEED.findall(browser.post("/cars/1/calendar/", "/cars/1/calendar/", what="on")))
    assert requests.get(f"{run.url}/calendar/{feed}.ics", timeout=60).status_code == 200
    requests.get(f"{run.url}/calendar/{feed}x.ics", timeout=60)
    assert requests.get(f"{run.url}/metrics", headers={"Authorization": f"Bearer {METRICS}"}, timeout=60).ok
    token = max(tokens_of(run.remote) - {"nobody"})
    run.remote.fault("createGroup", "status", status=400, body=f"bad request: Bearer {token} {API_KEY}")
    browser.post("/groups/new/", "/groups/new/", name="Abends")
    run.remote.fault("getServices", "status", status=500, body=f"{token} {API_KEY}", times=3)
    browser.get("/services/")
    forged = {"secret": f"{SECRET}x"}
    requests.post(f"{run.url}/webhooks/flinkey/assignments/", json={}, headers=forged, timeout=60)
    run.remote.expire_tokens()
    browser.get("/groups/2/?fresh=1")
    browser.sign_in()
    assert "Berlin" in browser.get("/groups/2/")
    tokens = tokens_of(run.remote) - {"nobody"}  # with which the key alone is tried
    assert len(tokens) == 2
    plain = tokens | {part for one in tokens for part in one.split(".")[1:]}
    return plain | {PASSWORD, GUESS, API_KEY, SECRET, KEY, TOKEN_KEY, METRICS, feed}


def left_behind(run: Run, browser: Browser) -> dict[str, bytes]:
    """All of it, by where it lies: files as they are, and rows and values as their own programs read them."""
    files = {path.name: path.read_bytes() for path in (run.folder / "var").rglob("*") if path.is_file()}
    logs = {path.name: path.read_bytes() for path in run.folder.glob("*.log") if path.name != "sandbox.log"}
    with sqlite3.connect(run.folder / "var" / "flinkey-admin.sqlite3") as database:
        rows = "\n".join(database.iterdump())
        sessions = [row[0] for row in database.execute("SELECT session_data FROM django_session")]
    store = library.Redis.from_url(run.cache)
    kept = [(key, store.dump(key)) for key in store.scan_iter()]
    return {
        **files,
        **logs,
        "rows": rows.encode(),
        "sessions": "\n".join(map(opened, sessions)).encode(),
        "redis": repr(kept).encode(),
        "cookies": "\n".join(browser.cookies).encode(),
    }


def opened(session: str) -> str:
    """What is signed in a session's row, without its signature."""
    text = session.lstrip(".").partition(":")[0]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return (zlib.decompress(raw) if session.startswith(".") else raw).decode()


def spellings(secret: str) -> set[bytes]:
    return {one.encode() for one in (secret, quote(secret), base64.b64encode(secret.encode()).decode().rstrip("="))}


def found(places: dict[str, bytes], secrets: set[str]) -> list[tuple[str, str]]:
    return [
        (place, secret)
        for place, text in places.items()
        for secret in secrets
        for one in spellings(secret)
        if one in text
    ]


@pytest.mark.sampled(0)
@pytest.mark.parametrize("run", ["line", "json"], indirect=True)
def test_no_token_password_or_key_is_left_anywhere(run: Run) -> None:
    browser = Browser(run.url)
    secrets = whole_day(run, browser)
    places = left_behind(run, browser)
    assert found(places, secrets) == []
    assert b"flinkey_token" in places["sessions"], "what is sealed is seen here"
    assert COORDINATOR.encode() in places["rows"] + places["flinkey-admin.sqlite3"]
    assert b"createGroup 400" in places["run.log"], "and what is logged"
    assert places["redis"] != b"[]"
    assert any("sessionid=" in cookie for cookie in browser.cookies)

    browser.post("/sign-out/", "/groups/")
    places = left_behind(run, browser)
    assert found(places, secrets) == []
    assert places["sessions"] == b"", "the token has gone with the session"

"""The dashboard as it runs in production, in processes of its own."""

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import requests
from cryptography.fernet import Fernet
from django.conf import settings

from flinkey_admin.sandbox import Remote
from tests.bench.stage import EMAIL, PASSWORD, ROOT, patient, sandbox

ROWS = 50
RENAMED = "/groups/2/rename/"  # again and again, for the sake of the history
ROW = re.compile("<tr[^>]* data-id=")
LISTS = ("/cars/", "/users/", "/groups/", "/timeline/", "/groups/1/cars/", "/operations/")
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@contextmanager
def served(scenario: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The dashboard as `make serve` runs it, on a sandbox of this fleet: its address, and a coordinator's cookies."""
    with sandbox(scenario), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = {
            **os.environ,
            "DEBUG": "false",
            "PORT": str(port),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "TOKEN_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "FLINKEY_API_URL": settings.FLINKEY_API_URL,
            "VAR_DIR": tempfile.mkdtemp(prefix="flinkey-bench-"),
        }
        command = [sys.executable, "-m", "flinkey_admin", "serve"]
        with subprocess.Popen(
            command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as serving:
            try:
                base = f"http://127.0.0.1:{port}"
                yield base, _sign_in(base)
            finally:
                serving.terminate()


def _sign_in(base: str) -> dict[str, str]:
    """The cookies of a signed-in browser; they are marked for HTTPS, so they are carried by hand."""
    page = patient(lambda: requests.get(f"{base}/sign-in/", timeout=5), 90)
    (token,) = set(TOKEN.findall(page.text))
    cookies = dict(page.cookies)
    form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    carried = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": base}
    answer = requests.post(f"{base}/sign-in/", form, headers=carried, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return cookies | dict(answer.cookies)


def fill_lists(base: str, cookies: dict[str, str]) -> None:
    """Fifty rows on every list: as many cars in the group, as many changes, and a worker that has read the fleet."""
    remote = Remote(settings.FLINKEY_API_URL)
    (group,) = (one for one in remote.state(1)["groups"] if one["id"] == 1)
    for car in range(1, ROWS + 1):
        if car not in group["cars"]:
            remote.change("add_member", kind="cars", group=1, id=car)
    _until_full(base, cookies, LISTS[:-2])
    for number in range(ROWS):
        form = _get(base, cookies, RENAMED).partition("<main")[2]
        fields = {**dict(HIDDEN.findall(form)), "name": f"Depot, Stand {number}"}
        done = requests.post(base + RENAMED, fields, headers=_heads(base, cookies), allow_redirects=False, timeout=30)
        assert done.status_code == 302, done.status_code
    _get(base, cookies, "/groups/1/cars/?fresh=1")
    _until_full(base, cookies, LISTS)


def _until_full(base: str, cookies: dict[str, str], paths: Sequence[str]) -> None:
    """Until each of these pages has its rows, and none says that the fleet is still being read."""
    for path in paths:
        for _try in range(120):
            page = _get(base, cookies, path)
            if len(ROW.findall(page)) >= ROWS and "Reading the fleet" not in page:
                break
            time.sleep(1)
        else:
            raise TimeoutError(f"{path} did not fill")


def _get(base: str, cookies: dict[str, str], path: str) -> str:
    return requests.get(base + path, headers=_heads(base, cookies), timeout=30).text


def _heads(base: str, cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": base}

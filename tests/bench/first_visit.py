"""What a first visit costs over the wire, with the settings and the compressed files of production."""

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import requests
from cryptography.fernet import Fernet
from django.conf import settings

from tests.bench.stage import EMAIL, PASSWORD, ROOT, Row, count, sandbox

A_ROW = 0.06  # KB: what a row says cannot be compressed away: plate, VIN and name alone are forty bytes that come once
ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def measure() -> Iterator[Row]:
    with sandbox("small"), socket.socket() as probe:
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
        command = [sys.executable, "-m", "flinkey_admin.launch", "serve"]
        with subprocess.Popen(
            command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as serving:
            try:
                yield from _visit(f"http://127.0.0.1:{port}")
            finally:
                serving.terminate()


def _visit(base: str) -> Iterator[Row]:
    cookies = _sign_in(base)
    for path in ("/groups/", "/"):
        size, page = _weight(base, path, cookies)
        assets = {asset: _weight(base, asset, {})[0] for asset in sorted(set(ASSET.findall(page)))}
        whole = round((size + sum(assets.values())) / 1024, 1)
        yield count(f"first visit of {path} over the wire, KB", whole, 32, f"{len(assets)} files")
    for path in ("/", "/groups/", "/cars/", "/groups/1/cars/"):
        size, page = _weight(base, path, cookies)
        weight, rows = round(size / 1024, 1), page.count("<tr")
        yield count(f"another visit of {path}: one request with {rows} rows, KB", weight, 4 + A_ROW * rows)


def _weight(base: str, path: str, cookies: dict[str, str]) -> tuple[int, str]:
    """The bytes of an answer as they travel, the head of it included, and its text."""
    carried = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Accept-Encoding": "br, gzip"}
    answer = requests.get(base + path, headers=carried, timeout=30, stream=True)
    assert answer.status_code == 200, (path, answer.status_code)
    raw = answer.raw.read(decode_content=False)
    plain = requests.get(base + path, headers={**carried, "Accept-Encoding": "identity"}, timeout=30)
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + len("HTTP/1.1 200 OK\r\n\r\n")
    return head + len(raw), plain.text if path.endswith("/") else ""


def _sign_in(base: str) -> dict[str, str]:
    """The cookies of a signed-in browser; they are marked for HTTPS, so they are carried by hand."""
    for _try in range(100):
        try:
            page = requests.get(f"{base}/sign-in/", timeout=5)
            break
        except OSError:
            time.sleep(0.2)
    (token,) = set(TOKEN.findall(page.text))
    cookies = dict(page.cookies)
    form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    carried = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": base}
    answer = requests.post(f"{base}/sign-in/", form, headers=carried, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return cookies | dict(answer.cookies)

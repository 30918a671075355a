"""The dashboard as it runs in production, in processes of its own."""

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from cryptography.fernet import Fernet
from django.conf import settings

from tests.bench.stage import EMAIL, PASSWORD, ROOT, patient, sandbox

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

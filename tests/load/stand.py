"""What is loaded: the dashboard as in production on a flinkey of a hundred managers, and a bare Django page."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import sysconf
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from flinkey_admin import launch
from flinkey_admin.sandbox import Remote
from tests.browser.standing import SECRET, answers, eventually, free_port, process, standing
from tests.load import fleet

LATENCY = 0.1  # seconds that flinkey takes for an answer
FIRST = 300  # seconds: the worker may make 20 calls a second, and there are 1,500 lists
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Web:
    """A gunicorn: `url`, and what its processes have used together."""

    url: str

    @property
    def memory(self) -> float:
        """Their resident memory now, in MB."""
        return _memory(self._processes[1:])

    @property
    def workers(self) -> float:
        """The same of the workers that were started together with them."""
        starter = _facts(self._processes[0])[1]
        return _memory([one for one, words in _running() if "work" in words and _facts(one)[1] == starter])

    @property
    def seconds(self) -> float:
        """The processor's seconds that they have used."""
        facts = [_facts(process) for process in self._processes[1:]]
        return sum(int(one[11]) + int(one[12]) for one in facts) / sysconf("SC_CLK_TCK")

    @property
    def _processes(self) -> list[Path]:
        """Their parent, which only watches them, and then those that answer."""
        bind = self.url.removeprefix("http://")
        return sorted(
            (one for one, words in _running() if "gunicorn" in words and bind in words), key=lambda one: int(one.name)
        )


def _running() -> Iterator[tuple[Path, list[str]]]:
    """Each process of the machine: where the kernel tells about it, and the words of its command."""
    for one in Path("/proc").glob("[0-9]*"):
        try:
            yield one, (one / "cmdline").read_text().split("\0")
        except OSError:
            continue  # it has ended meanwhile


def _facts(process: Path) -> list[str]:
    """What the kernel counts of it: its state comes first, then the number of its parent."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def _memory(processes: list[Path]) -> float:
    texts = [(process / "status").read_text() for process in processes]
    return sum(int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) for text in texts) / 1000


@contextmanager
def dashboard(folder: Path, managers: int) -> Iterator[tuple[Web, Remote]]:
    """`flinkey-admin serve` with the defaults of production on SQLite; its copy of all four fleets is complete."""
    env = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    folder.mkdir()
    with standing(folder, fleet.SCENARIO, "serve", flinkey=("-m", "tests.load.fleet", str(managers)), **env) as stage:
        hook = f"{stage.url}/webhooks/flinkey/assignments/"
        stage.remote.settings(latency=LATENCY, webhook_url=hook, webhook_secret=SECRET)
        for number in range(fleet.CUSTOMERS):
            _sign_in(stage.url, fleet.email(number))
        for number in range(fleet.CUSTOMERS):
            person = _sign_in(stage.url, fleet.email(number))
            eventually(lambda: 'class="reading"' not in _overview(stage.url, person), FIRST)  # noqa: B023 - called at once
        yield Web(stage.url), stage.remote


@contextmanager
def bare(folder: Path) -> Iterator[Web]:
    """A Django that does almost nothing, served as ours is."""
    bind = f"127.0.0.1:{free_port()}"
    command = launch._web(bind, {"WEB_CONCURRENCY": "2"})[1:-1]
    with process([*command, "tests.load.bare"], {}, folder / "bare.log"):
        eventually(lambda: answers(f"http://{bind}/"), 60)
        yield Web(f"http://{bind}")


def _sign_in(url: str, email: str) -> dict[str, str]:
    """The cookies of a manager; they are marked for HTTPS, so they are carried by hand."""
    page = requests.get(f"{url}/sign-in/", timeout=30)
    cookies = dict(page.cookies)
    token = TOKEN.findall(page.text)[0]
    form = {"username": email, "password": launch.PASSWORD, "csrfmiddlewaretoken": token}
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": url}
    answer = requests.post(f"{url}/sign-in/", form, headers=headers, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return cookies | dict(answer.cookies)


def _overview(url: str, cookies: dict[str, str]) -> str:
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    answer = requests.get(f"{url}/", headers=headers, allow_redirects=False, timeout=30)
    assert answer.status_code == 200, answer.headers
    return answer.text

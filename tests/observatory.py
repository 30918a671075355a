"""`make observatory`: Mozilla's HTTP Observatory on every address of the product, in production behind nginx.

Its own scanner, as npm has it, asks a real nginx with our example of a configuration. Of 145 points the last 5 are for
names on the browsers' own list (HSTS preload), which nobody can have offline. What has neither script nor cookie (files
to download) cannot earn the 10 points for those. Fails when an address has fewer than that, or has lost points.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tests.browser.standing import standing
from tests.by_http import Visitor
from tests.cluster.servers import nginx

PACKAGE = Path(os.environ.get("OBSERVATORY", "var/observatory/node_modules/@mdn/mdn-http-observatory")).resolve()
BOTH = "both@nordwind.example"  # manages two customers
PAGE, FILE = 140, 130
BEFORE = ("/sign-in/",)  # where nobody is signed in
# Nobody links to these, or no GET of a person's leads there.
BESIDE = ("/health/live/", "/health/ready/", "/search/?q=pool", "/keys/groups/", "/assignments/find/?car=pool")
LINK = re.compile(r'(?:href|hx-get)="(/(?!static/)[^"#]*)"')
NO_SCRIPTS = {"sri-not-implemented-response-not-html", "sri-not-implemented-but-no-scripts-loaded"}


def main() -> int:
    settings = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "1",
        "METRICS_TOKEN": "a token of this test alone",
    }
    folder = Path(tempfile.mkdtemp(prefix="observatory-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        dashboard = stack.enter_context(standing(folder, "yard", "serve", **settings))
        url = stack.enter_context(nginx(folder, [int(dashboard.url.rpartition(":")[2])]))
        return _scan(url, folder)


def _scan(url: str, folder: Path) -> int:
    person = Visitor(url, verify=str(folder / "cert.pem"))
    person.sign_in(BOTH)
    person.post("/customers/", {"customer": "1", "next": "/"})
    person.move(1, 1, 2)
    paths = _walk(person)
    session = next(f"{name}={value}" for name, value in person.cookies.items() if "session" in name)
    found = [*_ask(url, folder, BEFORE, []), *_ask(url, folder, paths, [f"Cookie: {session}"])]
    wrong = [one for one in found if _short(one)]
    for score in sorted({one["score"] for one in found if "score" in one}, reverse=True):
        of = [one["path"] for one in found if one.get("score") == score]
        print(f"{score} of 145: {len(of)} addresses" + ("" if len(of) > 15 else f": {', '.join(of)}"))
    for one in wrong:
        print(json.dumps(one))
    print(f"{len(found) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


def _walk(person: Visitor) -> list[str]:
    """An address of each route, found by following what the pages lead to or load."""
    queue, known, kept = ["/", *BESIDE], set[str](), list[str]()
    while queue:
        path = queue.pop(0)
        answer = person.get(path)
        if answer.status_code == 200 and urlsplit(answer.url).path == urlsplit(path).path:
            kept.append(path)
        for link in LINK.findall(answer.text) if "html" in answer.headers["Content-Type"] else []:
            if (kind := re.sub(r"\d+", "N", urlsplit(link).path)) not in known:
                known.add(kind)
                queue.append(link.replace("&amp;", "&"))
    routes = {resolve(urlsplit(path).path).view_name for path in kept}
    missing = sorted(set(_names()) - routes)
    print(f"{len(kept)} addresses of {len(routes)} routes; no page lies at: {', '.join(missing)}")
    return kept


def _names(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}"
        elif isinstance(entry, URLResolver):
            yield from _names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


def _ask(url: str, folder: Path, paths: tuple[str, ...] | list[str], headers: list[str]) -> list[dict[str, Any]]:
    """What the Observatory says of each of these addresses."""
    conf = (folder / "flinkey-admin.conf").read_text(encoding="utf-8")
    (plain,) = re.findall(r"listen 127\.0\.0\.1:(\d+);", conf)
    asked = {
        "package": str(PACKAGE),
        "httpPort": int(plain),
        "httpsPort": int(url.rpartition(":")[2]),
        "headers": headers,
        "paths": paths,
    }
    done = subprocess.run(
        ["node", "tests/observatory.mjs"],
        input=json.dumps(asked),
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(folder / "cert.pem")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _short(one: dict[str, Any]) -> bool:
    """Whether it has fewer points than it can have, or has lost any."""
    if "score" not in one:
        return True
    bare = one["points"]["subresource-integrity"][1] in NO_SCRIPTS
    return one["score"] < (FILE if bare else PAGE) or any(points < 0 for points, _why in one["points"].values())


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(main())

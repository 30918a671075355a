"""What a first visit costs over the wire, with the settings and the compressed files of production."""

import re
from collections.abc import Iterator

import requests

from tests.bench.rows import Row
from tests.bench.served import fill_lists, served
from tests.bench.stage import count

A_ROW = 0.06  # KB: what a row says cannot be compressed away: plate, VIN and name alone are forty bytes that come once
MAIN = ("/", "/groups/", "/groups/1/cars/", "/cars/", "/cars/1/", "/users/", "/timeline/", "/operations/")
ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')
WITHOUT_SCRIPTS = re.compile("<noscript>.*?</noscript>")  # whoever needs this loads no scripts


def measure() -> Iterator[Row]:
    with served("small") as (base, cookies):
        fill_lists(base, cookies)
        yield from _visit(base, cookies)


def _visit(base: str, cookies: dict[str, str]) -> Iterator[Row]:
    for path, carried in (("/sign-in/", {}), *((path, cookies) for path in MAIN)):
        size, page = _weight(base, path, carried)
        assets = {
            asset: _weight(base, asset, {})[0] for asset in sorted(set(ASSET.findall(WITHOUT_SCRIPTS.sub("", page))))
        }
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

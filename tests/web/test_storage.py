"""The static files of production: whatever one of them loads by name is there under that name, and a first visit of
every main page weighs no more than 32 KB, as `make bench` weighs it with the servers of production."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django
from django.core.management import call_command
from django.test import override_settings

from flinkey_admin.sandbox import Remote
from flinkey_admin.web.templatetags import icons
from tests.conftest import COORDINATOR, Person

IMPORTED = re.compile(r'import\("\./([^"]+)"\)')
ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')
WITHOUT_SCRIPTS = re.compile("<noscript>.*?</noscript>")  # whoever needs this loads no scripts
MOST = 32 * 1024  # bytes, heads included
MAIN = ("/sign-in/", "/", "/groups/", "/groups/1/cars/", "/cars/", "/cars/1/", "/users/", "/timeline/", "/operations/")
ROWS = 50
# What the server itself puts into each head.
OF_SERVER = (
    "HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: Fri, 27 Nov 2026 10:00:00 GMT\r\nConnection: keep-alive\r\n\r\n"
)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("static")
    storages = django.STORAGES | {"staticfiles": {"BACKEND": "flinkey_admin.web.storage.SmallFiles"}}
    production = {
        "WHITENOISE_USE_FINDERS": False,
        "WHITENOISE_AUTOREFRESH": False,
        "SECURE_HSTS_SECONDS": 63_072_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
    }
    with override_settings(STATIC_ROOT=folder, STORAGES=storages, **production):
        call_command("collectstatic", "--no-input", "--verbosity", "0")
        icons._icon.cache_clear()  # it keeps the address of its sheet
        yield folder
    icons._icon.cache_clear()


def test_scripts_load_each_other_by_the_names_of_their_content(collected: Path) -> None:
    scripts = collected / "js"
    hashed = {file.name for file in scripts.glob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", file.name)}
    loads = {name.partition(".")[0]: IMPORTED.findall((scripts / name).read_text("utf-8")) for name in hashed}
    assert {name: [one.partition(".")[0] for one in names] for name, names in loads.items() if names} == {
        "app": ["keys", "timeline", "over"],
        "keys": ["palette", "carry"],
    }
    assert {one for names in loads.values() for one in names} < hashed


def test_a_stylesheet_has_what_it_begins_with_in_it(collected: Path) -> None:
    (style,) = (file for file in (collected / "css").glob("app.*.css") if file.name != "app.css")
    text = style.read_text("utf-8")
    assert "@import" not in text
    assert text.index("--ground:light-dark(") < text.index("@layer base{")


def weight(person: Person, path: str) -> tuple[int, Any]:
    """The bytes of an answer as they travel, and the answer."""
    answer = person.get(path, headers={"Accept-Encoding": "br, gzip"}, secure=True)
    assert answer.status_code == 200, (path, answer.status_code)
    body = answer.getvalue()
    head = sum(len(name) + len(str(value)) + 4 for name, value in answer.headers.items())
    cookies = len(answer.cookies.output())
    return len(OF_SERVER) + head + cookies + len(body), answer


def test_a_first_visit_of_every_main_page_is_light(collected: Path, visitor: Person, flinkey: Remote) -> None:
    flinkey.reset("small")
    (group,) = (one for one in flinkey.state(1)["groups"] if one["id"] == 1)
    for car in {*range(1, ROWS + 1)} - {*group["cars"]}:
        flinkey.change("add_member", kind="cars", group=1, id=car)
    files: dict[str, int] = {}
    found = {}
    for path in MAIN:
        size, _answer = weight(visitor, path)
        parts = {*ASSET.findall(WITHOUT_SCRIPTS.sub("", visitor.get(path, secure=True).content.decode()))}
        files |= {part: weight(visitor, part)[0] for part in parts - {*files}}
        found[path] = size + sum(files[part] for part in parts)
        if path == "/sign-in/":
            visitor.sign_in(COORDINATOR)
            visitor.look("/timeline/")
    assert {path: size for path, size in found.items() if size > MOST} == {}
    page = visitor.get("/timeline/").content.decode()
    assert (page.count("<tr data-id="), "Not read yet" in page) == (ROWS, False), "so that this weighed something"
    assert page.count('class="gap') > ROWS // 2


def test_a_file_that_never_changes_has_a_short_head(collected: Path, visitor: Person) -> None:
    file = ASSET.findall(visitor.get("/sign-in/").content.decode())[0]
    heads = weight(visitor, file)[1].headers
    assert not {"ETag", "Last-Modified", "Referrer-Policy", "Cross-Origin-Opener-Policy"} & set(heads)
    assert heads["Cache-Control"] == "max-age=31536000, immutable"
    assert heads["X-Content-Type-Options"] == "nosniff"
    assert heads["Strict-Transport-Security"]

"""What the browser is told with every page: the policy, no storing, no frames; and the health addresses."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from flinkey_admin.sandbox import Remote
from flinkey_admin.web.sentences import TOO_MUCH
from tests.accounts.stage import Answer
from tests.conftest import Person

HTMX = {"HX-Request": "true"}
# As measured.md has it; the order of the directives means nothing.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: dict[str, str | list[str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": sorted(POLICY.split("; ")),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Every kind of answer: address, status; signed in.
SIGNED_IN = {
    "/groups/": 200,
    "/groups/1/": 200,
    "/groups/1/users/": 200,
    "/groups/1/delete/": 200,
    "/groups/new/": 200,
    "/groups/1/cars/add/": 200,
    "/groups/1/cars/move/": 302,
    "/cars/": 200,
    "/cars/1/": 200,
    "/users/1/": 200,
    "/assignments/new/": 200,
    "/assignments/1/": 200,
    "/assignments/1/delete/": 200,
    "/operations/": 200,
    "/handover/": 200,
    "/": 200,
    "/sign-in/": 302,
    "/groups/77/": 404,
    "/nothing/": 404,
    "/sign-out/": 405,
}
SIGNED_OUT = {"/sign-in/": 200, "/groups/": 302, "/customers/": 302, "/nothing/": 404}


def told(answer: Answer) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {name: answer.headers.get(name, "") for name in HEADERS}
    policy = answer.headers.get("Content-Security-Policy", "")
    return found | {"Content-Security-Policy": sorted(policy.split("; "))}


@pytest.mark.parametrize(("path", "status"), SIGNED_IN.items())
def test_every_page_carries_every_header(coordinator: Person, path: str, status: int) -> None:
    answer = coordinator.get(path)
    assert (answer.status_code, told(answer)) == (status, HEADERS)


@pytest.mark.parametrize(("path", "status"), SIGNED_OUT.items())
def test_before_the_sign_in_too(visitor: Person, path: str, status: int) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, told(answer)) == (status, HEADERS)


def test_fragments_refusals_and_failures_too(coordinator: Person, remote: Remote, db: None) -> None:
    fragment = coordinator.get("/groups/1/", headers=HTMX)
    invalid = coordinator.post("/groups/new/", {"name": ""})
    choice = coordinator.post("/groups/1/cars/move/", {"id": "1"})
    review = coordinator.post("/groups/1/cars/move/", {"id": "1", "to": "2"})
    forged = Client(enforce_csrf_checks=True).post("/sign-in/", {})
    remote.fault("getServices", "status", status=500, times=9)
    broken, toast = coordinator.get("/services/"), coordinator.get("/services/", headers=HTMX)
    answers = [fragment, invalid, choice, review, forged, broken, toast]
    assert [answer.status_code for answer in answers] == [200, 422, 200, 200, 403, 503, 503]
    assert [told(answer) for answer in answers] == [HEADERS] * 7


@pytest.mark.parametrize("path", [path for path, status in SIGNED_IN.items() if status == 200])
def test_an_address_that_answers_page_and_fragment_says_so(coordinator: Person, path: str) -> None:
    """Whatever differs for HTMX has `Vary: HX-Request`."""
    page, fragment = coordinator.get(path), coordinator.get(path, headers=HTMX)
    differs = ("<html" in page.content.decode()) != ("<html" in fragment.content.decode())
    vary = [{one.strip() for one in answer.headers.get("Vary", "").split(",")} for answer in (page, fragment)]
    assert ["HX-Request" in one for one in vary] == [differs, differs]


def test_the_lists_do_answer_fragments(coordinator: Person) -> None:
    """So that the test above is about something."""
    lists = [
        "/groups/",
        "/groups/1/",
        "/cars/",
        "/users/",
        "/services/",
        "/products/",
        "/groups/1/cars/add/",
        "/cars/1/",
    ]
    texts = [coordinator.get(path, headers=HTMX).content.decode() for path in lists]
    assert [path for path, text in zip(lists, texts, strict=True) if "<html" in text or not text.strip()] == []


INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|\shx-on|javascript:|[\"']js:|hx-trigger=\"[^\"]*\[",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", [path for path, status in SIGNED_IN.items() if status in {200, 404}])
def test_no_page_holds_what_the_policy_forbids(coordinator: Person, path: str) -> None:
    assert INLINE.findall(coordinator.get(path).content.decode()) == []


def test_scripts_and_styles_come_from_here(coordinator: Person) -> None:
    text = coordinator.get("/groups/").content.decode()
    linked = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(linked) > 10
    assert [link for link in linked if not link.startswith(("/", "#", "?"))] == []


# Cookies and health -------------------------------------------------------------------------------------------------


def test_cookies_are_for_the_server_alone(coordinator: Person) -> None:
    coordinator.get("/groups/new/")
    facts = {
        name: (bool(cookie["httponly"]), cookie["samesite"], cookie["domain"], cookie["path"])
        for name, cookie in coordinator.cookies.items()
        if cookie.value
    }
    assert facts == dict.fromkeys(("sessionid", "csrftoken", "known"), (True, "Lax", "", "/"))


@pytest.mark.parametrize("path", ["/health/live/", "/health/ready/"])
def test_health_answers_without_anybody(visitor: Person, remote: Remote, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok", "text/plain; charset=utf-8")
    assert dict(visitor.cookies) == {}
    assert remote.requests() == []
    assert {name: value for name, value in told(answer).items() if value} == {
        name: value for name, value in HEADERS.items() if name != "Cache-Control"
    }


def test_health_is_told_with_flinkey_down(visitor: Person, settings: Any) -> None:
    settings.FLINKEY_API_URL = "http://127.0.0.1:9/v3"
    assert [visitor.get(path).content for path in ("/health/live/", "/health/ready/")] == [b"ok", b"ok"]


# Files, and what belongs to no page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/static/css/app.css", "/static/js/app.js", "/static/img/icons.svg"])
def test_files_stand_in_no_frame(visitor: Person, path: str) -> None:
    answer: Any = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert b"".join(answer.streaming_content)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/sign-in/", "/groups/", "/static/css/app.css", "/health/live/", "/metrics", "/x/"])
def test_nothing_answers_trace(visitor: Person, path: str) -> None:
    answer = visitor.trace(path, headers={"Cookie": "echo=me"})
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (405, b"", "GET, HEAD, OPTIONS, POST")
    assert dict(answer.cookies) == {}


OPEN = ["/sign-in/", "/groups/", "/access/csv/", "/static/css/app.css", "/health/live/", "/calendar/x.ics", "/x/"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", OPEN)
def test_no_page_of_others_may_read_ours(coordinator: Person, path: str) -> None:
    """Neither when it asks nor when its browser asks for it beforehand."""
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for answer in (coordinator.get(path, headers=asks), coordinator.options(path, headers=asks)):
        assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []
        answer.close()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "path", ["/static/", "/static/css", "/static/css/", "/static/%2e%2e/settings.py", "/static/.git"]
)
def test_no_folder_is_listed_and_nothing_beside_the_files_is_served(visitor: Person, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/health/live/", "/metrics", "/calendar/x.ics"])
def test_text_says_its_charset(visitor: Person, path: str) -> None:
    assert visitor.get(path).headers["Content-Type"] == "text/plain; charset=utf-8"


class Watched(io.BytesIO):
    """A body that notes how much of it was read."""

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.done = getattr(self, "done", 0) + len(found)
        return found


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/sign-in/", "/settings/", "/groups/new/"])
def test_a_form_with_a_file_is_refused_before_any_of_it_is_kept(
    coordinator: Person, remote: Remote, settings: Any, tmp_path: Path, path: str
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    whole = encode_multipart(BOUNDARY, {"name": "A group", "what": io.BytesIO(b"x" * 5_000_000), "more": "y"})
    remote.clear_requests()
    body = Watched(whole)
    sent: dict[str, Any] = {"CONTENT_LENGTH": str(len(whole)), "CONTENT_TYPE": MULTIPART_CONTENT, "wsgi.input": body}
    answer = coordinator.generic("POST", path, **sent)
    assert answer.status_code == 400
    assert str(TOO_MUCH) in answer.content.decode()
    assert body.done < 200_000, "the rest was not even read"
    assert (remote.requests(), list(tmp_path.iterdir())) == ([], [])

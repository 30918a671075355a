"""The error boundary: one sentence as a page or a toast, a reference number that is in the log, nothing else."""

import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from flinkey_admin.sandbox import Remote
from flinkey_admin.web import logs, sentences
from tests.conftest import Person
from tests.web.failing_urls import SECRET
from tests.web.pages import REFERENCE, SENTENCE, TOAST, headings, only, read

HTMX = {"HX-Request": "true"}

# What goes wrong at flinkey on the list of groups; what the page says then, and its status.
FAULTS: list[tuple[str, dict[str, Any], str, int]] = [
    ("status", {"status": 500}, str(sentences.UNAVAILABLE), 503),
    ("status", {"status": 429, "retry_after": 7}, sentences.busy(7), 503),
    ("html", {"status": 502}, str(sentences.UNAVAILABLE), 503),
    ("html", {"status": 200}, str(sentences.UNAVAILABLE), 503),
    ("broken-json", {}, str(sentences.UNAVAILABLE), 503),
    ("redirect", {"location": "http://127.0.0.1:9/"}, str(sentences.UNAVAILABLE), 503),
    ("bad-key", {}, str(sentences.BAD_API_KEY), 503),
    ("status", {"status": 400}, str(sentences.REJECTED), 502),
]


@pytest.mark.parametrize(("kind", "facts", "sentence", "status"), FAULTS, ids=lambda one: str(one)[:24])
def test_page_and_toast_say_the_same(
    coordinator: Person, remote: Remote, kind: str, facts: dict[str, Any], sentence: str, status: int
) -> None:
    remote.fault("getGroups", kind, times=99, **facts)
    page = coordinator.get("/groups/")
    toast = coordinator.get("/groups/", headers=HTMX)
    assert (page.status_code, toast.status_code) == (status, status)
    assert only(SENTENCE, page.content.decode()) == only(TOAST, toast.content.decode()) == sentence
    assert (toast["HX-Retarget"], toast["HX-Reswap"]) == ("#toasts", "innerHTML")
    assert not page.has_header("HX-Retarget")
    assert "<html" not in toast.content.decode()
    assert len(headings(page.content.decode())) == 1


def test_no_word_of_the_failure_reaches_the_page(coordinator: Person, remote: Remote) -> None:
    body = "<h1>Zebra-Proxy</h1> upstream request failed"
    remote.fault("getGroups", "html", times=99, status=502, body=body)
    for headers in ({}, HTMX):
        shown = REFERENCE.sub("", coordinator.get("/groups/", headers=headers).content.decode())
        assert [word for word in ("502", "Zebra", "upstream", "getGroups", "Unavailable") if word in read(shown)] == []


def reference_of(record: logging.LogRecord) -> str:
    return str(getattr(record, "reference", "none"))


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged for administrators, warnings and worse, by the dashboard."""
    return [one for one in caplog.records if one.levelno >= logging.WARNING and one.name.startswith("flinkey_admin")]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "toast"])
def test_the_reference_on_the_screen_is_the_one_in_the_log(
    coordinator: Person, remote: Remote, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    caplog.handler.addFilter(logs.ReferenceFilter())
    caplog.clear()
    remote.fault("getGroups", "status", status=500, times=99)
    shown = coordinator.get("/groups/", headers=headers).content.decode()
    reference = only(REFERENCE, shown)
    (line,) = logged(caplog)
    assert reference_of(line) == reference
    assert "getGroups" in line.getMessage()
    console = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    assert f"[{reference}]" in console.format(line), "and so it is written to the log"
    calls = [one for one in caplog.records if one.name == "flinkey"]
    assert {reference_of(one) for one in calls} == {reference}, "the calls of this page carry it too"


def test_every_request_has_a_reference_of_its_own(coordinator: Person, remote: Remote) -> None:
    remote.fault("getGroups", "status", status=500, times=99)
    seen = {only(REFERENCE, coordinator.get("/groups/").content.decode()) for _ in range(5)}
    assert len(seen) == 5


# Our own faults -----------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A page without its reference, which is random and may have any three figures in it."""
    return text.replace(only(REFERENCE, text), "")


@pytest.fixture
def failing(visitor: Person, settings: Any) -> Person:
    settings.ROOT_URLCONF = "tests.web.failing_urls"
    visitor.raise_request_exception = False
    return visitor


@pytest.mark.parametrize("kind", ["runtime", "key", "database", "lookup", "template"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "toast"])
def test_an_unexpected_exception_is_a_sentence(
    failing: Person, caplog: pytest.LogCaptureFixture, kind: str, headers: dict[str, str]
) -> None:
    caplog.handler.addFilter(logs.ReferenceFilter())
    answer = failing.get(f"/boom/{kind}/", headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 500
    assert only(TOAST if headers else SENTENCE, text) == str(sentences.UNEXPECTED)
    assert [word for word in (SECRET, "Error", "Exception", "Traceback", "500", "no:such") if word in plain(text)] == []
    (line,) = logged(caplog)
    assert reference_of(line) == only(REFERENCE, text)
    assert line.exc_info is not None, "the log has what the page has not"


@pytest.mark.parametrize(("kind", "status"), [("denied", 403), ("suspicious", 400), ("gone", 404)])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "toast"])
def test_a_refusal_of_ours_is_a_sentence_too(failing: Person, kind: str, status: int, headers: dict[str, str]) -> None:
    answer = failing.get(f"/boom/{kind}/", headers=headers)
    text = answer.content.decode()
    assert answer.status_code == status
    assert only(TOAST if headers else SENTENCE, text)
    assert (SECRET in text, str(status) in read(plain(text))) == (False, False)


def fails_before_any_view(get_response: Any) -> Any:
    """A middleware that dies, as one does whose database is gone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        raise RuntimeError(SECRET)

    return middleware


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "toast"])
@pytest.mark.parametrize("position", [0, 5, 99], ids=["outermost", "middle", "innermost"])
def test_a_failure_outside_of_any_view_is_a_sentence(
    visitor: Person, settings: Any, position: int, headers: dict[str, str]
) -> None:
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    settings.MIDDLEWARE.insert(position, f"{__name__}.fails_before_any_view")
    client = Client(raise_request_exception=False)
    answer = client.get("/sign-in/", headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 500
    assert only(TOAST if headers else SENTENCE, text) == str(sentences.UNEXPECTED)
    assert answer.headers.get("HX-Retarget") == ("#toasts" if headers else None), "what the page shows stays"
    assert SECRET not in text


@pytest.mark.parametrize("strict", [False, True], ids=["in the view", "before it"])
def test_a_form_with_too_many_fields_is_a_sentence(remote: Remote, db: None, settings: Any, strict: bool) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
    person = Person(enforce_csrf_checks=strict)
    person.get("/sign-in/")
    answer = person.post("/sign-in/", {"id": [str(number) for number in range(200)]})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert only(SENTENCE, text) == str(sentences.TOO_MUCH)
    assert "400" not in read(plain(text))


def test_a_foreign_host_name_is_a_sentence(visitor: Person) -> None:
    answer = visitor.get("/sign-in/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert only(SENTENCE, answer.content.decode()) == str(sentences.NOT_HERE)
    assert "evil.example" not in answer.content.decode()


# Addresses ----------------------------------------------------------------------------------------------------------

UNKNOWN = [
    "/nothing/",
    "/groups/abc/",
    "/groups/1/boats/",
    "/static/nothing.css",
    "/favicon.ico",
    "/groups/-1/",
    "/admin/",
]


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_address_has_our_page(visitor: Person, settings: Any, path: str, debug: bool) -> None:
    settings.DEBUG = debug
    answer = visitor.get(path)
    text = answer.content.decode()
    assert answer.status_code == 404
    assert only(SENTENCE, text) == str(sentences.NOT_HERE)
    assert headings(text) == ["Not found"]
    assert "urlconf" not in text.lower()


def test_an_unknown_address_for_htmx_is_a_toast(coordinator: Person) -> None:
    answer = coordinator.get("/nothing/", headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (404, "#toasts")
    assert only(TOAST, answer.content.decode()) == str(sentences.NOT_HERE)


def test_an_address_without_its_last_slash_is_mended(coordinator: Person) -> None:
    answer = coordinator.get("/groups/1?q=x")
    assert (answer.status_code, answer["Location"]) == (301, "/groups/1/?q=x")


@pytest.mark.parametrize("path", ["/sign-out/", "/webhooks/flinkey/assignments/"])
def test_an_address_that_is_no_page_is_no_blank_one(visitor: Person, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert only(SENTENCE, answer.content.decode()) == str(sentences.NOT_HERE)


def test_what_flinkey_no_longer_has_is_said_with_its_name(coordinator: Person, flinkey: Remote) -> None:
    said = {
        path: only(SENTENCE, coordinator.get(path).content.decode())
        for path in ("/groups/77/", "/cars/77/", "/users/77/")
    }
    assert said == {
        "/groups/77/": str(sentences.MISSING["group"]),
        "/cars/77/": str(sentences.MISSING["car"]),
        "/users/77/": str(sentences.MISSING["user"]),
    }


# Forms of another session -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}], ids=["none", "evil", "null"]
)
def test_a_forged_form_is_refused_in_plain_words(db: None, remote: Remote, origin: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    form = {"username": "coordinator@nordwind.example", "password": "flinkey-demo"}
    answer = strict.post("/sign-in/", form, headers=origin)
    text = answer.content.decode()
    assert answer.status_code == 403
    assert (headings(text), only(SENTENCE, text)) == (["Not allowed"], str(sentences.FOREIGN_FORM))
    assert [word for word in ("CSRF", "cookie", "403", "Forbidden", "token") if word in read(plain(text))] == []
    assert remote.requests() == []
    toast = strict.post("/sign-in/", {}, headers=HTMX | origin)
    assert (toast.status_code, only(TOAST, toast.content.decode())) == (403, str(sentences.FOREIGN_FORM))


@pytest.fixture
def strict(db: None, remote: Remote) -> Person:
    """The coordinator in a browser whose forms need their token, as real ones do."""
    person = Person(enforce_csrf_checks=True)
    token = str(person.get("/sign-in/").context["csrf_token"])
    form = {"username": "coordinator@nordwind.example", "password": "flinkey-demo", "csrfmiddlewaretoken": token}
    assert person.post("/sign-in/", form).status_code == 302
    return person


@pytest.mark.parametrize(
    "origin", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}], ids=["none", "evil", "null"]
)
def test_a_forged_change_is_not_made(strict: Person, remote: Remote, origin: dict[str, str]) -> None:
    before = remote.state(1)
    answer = strict.post("/groups/new/", {"name": "Forged"}, headers=origin)
    assert (answer.status_code, only(SENTENCE, answer.content.decode())) == (403, str(sentences.FOREIGN_FORM))
    assert strict.post("/sign-out/", headers=origin).status_code == 403
    assert remote.state(1) == before
    assert "Forged" not in strict.get("/groups/new/").content.decode(), "nor is it kept for later"


def test_a_form_from_before_the_sign_in_comes_back_as_it_was_typed(strict: Person, remote: Remote) -> None:
    before = remote.state(1)
    form = {"name": "Von gestern", "csrfmiddlewaretoken": "x" * 64}
    answer = strict.post("/groups/new/", form, headers={"Origin": "http://testserver"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/groups/new/")
    page = strict.get("/groups/new/")
    assert str(sentences.OLD_FORM) in read(page.content.decode())
    assert page.context["form"]["name"].value() == "Von gestern"
    assert remote.state(1) == before

"""Windows to give, and flinkey's messages about them, as the tests of confirmation need both."""

import json
import re
from typing import Any

from django.test import Client

from flinkey_admin.operations.models import Step
from tests.conftest import Person

SECRET = "test-secret"
SHARED = "/webhooks/flinkey/assignments/"
CAR, USER = 2, 5  # Pool 2, Zoë Groß
START, END = "2026-11-27T07:00:00Z", "2026-11-27T17:00:00Z"
FORM = {"car": str(CAR), "user": str(USER), "start": "2026-11-27T08:00", "end": "2026-11-27T18:00"}
CHANGED = {"car": "1", "user": "2", "start": "2026-11-25T09:00", "end": "2026-11-25T20:00"}


MARK = re.compile(r'name="yes" value="([^"]+)"')


def agree(person: Person, path: str, form: dict[str, str], **more: Any) -> Any:
    """Sends a form, and once more with a yes to all that the page then asks; returns what comes of it."""
    page = person.post(path, form, **more)
    if page.status_code == 422 and (marks := MARK.findall(page.content.decode())):
        page = person.post(path, {**form, "yes": marks}, **more)
    return page


def give(person: Person, **other: str) -> Step:
    """Gives Zoë Pool 2 until Friday 18:00."""
    agree(person, "/assignments/new/", FORM | other)
    return Step.objects.latest("pk")


def change(person: Person) -> Step:
    """Lets Ayşe keep Pool 1 for two hours more."""
    agree(person, "/assignments/2/", CHANGED)
    return Step.objects.latest("pk")


def remove(person: Person, window: int = 2) -> Step:
    person.post(f"/assignments/{window}/delete/")
    return Step.objects.latest("pk")


def created(**other: Any) -> dict[str, Any]:
    """flinkey's message about the window of `give`."""
    times = {"start": START, "end": END, "lifetime": None, "renewableAfter": None}
    return {"carId": CAR, "userId": USER, **times, **told(None), **other}


def told(window: int | None, **other: Any) -> dict[str, Any]:
    """flinkey's message about a change or a removal of a window."""
    facts = {"checksum": "D41D8CD98F00B204E9800998ECF8427E", "assignmentId": window, "customerId": 1}
    return {**facts, "operationSucceeded": True, "errorMessage": None, **other}


def send(body: object, event: str = "", secret: str | None = SECRET) -> Any:
    """Sends a message as flinkey would."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {"secret": secret}
    url = f"{SHARED}{event}/" if event else SHARED
    return Client(enforce_csrf_checks=True).post(url, raw, content_type="application/json", headers=headers)

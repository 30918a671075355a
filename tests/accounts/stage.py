"""What tests of signing in look at: the session as it is stored, and the pages around it."""

import html
import re
from typing import Any

from django.contrib.sessions.models import Session
from django.test import Client

from flinkey_admin.sandbox import Remote

Answer = Any  # the type of the test client's answers is private to the stubs
NOTE = re.compile(r'<div class="note (?:bad|wait)" role="(?:alert|status)">.*?<div>(.*?)</div>', re.DOTALL)


def said(answer: Answer) -> str:
    """The one note on the sign-in page."""
    found = NOTE.findall(answer.content.decode())
    assert len(found) == 1, answer.content.decode()
    return html.unescape(found[0].replace("<br>", " ").strip())


def is_sign_in(answer: Answer) -> bool:
    """Whether this leads to the sign-in, as a redirect."""
    return bool(answer.status_code == 302 and answer.headers["Location"].split("?")[0] == "/sign-in/")


def session_row(client: Client) -> Session:
    return Session.objects.get(session_key=client.cookies["sessionid"].value)


def stored(client: Client) -> dict[str, Any]:
    """The session's data as the database has it."""
    return dict(session_row(client).get_decoded())


def tokens_of(remote: Remote) -> set[str]:
    """The bearer tokens that flinkey has seen: what must never be found anywhere."""
    headers = [call["headers"].get("authorization", "") for call in remote.requests()]
    return {one.removeprefix("Bearer ") for one in headers if one.startswith("Bearer ")}


def operations(remote: Remote) -> list[str]:
    return [call["operation"] for call in remote.requests()]

"""What goes over the wire: a request, an answer, and the shapes of the documented answers."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from . import texts

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
HTML = "text/html; charset=utf-8"

PROBLEMS = {
    400: ("https://tools.ietf.org/html/rfc7231#section-6.5.1", "One or more validation errors occurred."),
    415: ("https://tools.ietf.org/html/rfc7231#section-6.5.13", "Unsupported Media Type"),
}


@dataclass(frozen=True)
class Request:
    """One request below the API base; header names are in lower case."""

    method: str
    path: str
    raw_query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query, `+` and percent signs resolved."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Answer:
    """One answer, complete but for the headers every answer carries."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the operation was done."""
        return 200 <= self.status < 300


class Refusal(Exception):
    """Ends the work on a request with the answer it carries; `departure` says what the caller did wrong."""

    def __init__(self, answer: Answer, departure: str = "") -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.departure = departure


def json_answer(status: int, value: Any, content_type: str = JSON) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Answer(status, body, content_type)


def text_answer(status: int, text: str) -> Answer:
    """The vendor's bare sentence."""
    return Answer(status, text.encode(), TEXT)


def done() -> Answer:
    """204, empty."""
    return Answer(204)


def gateway_answer(status: int, message: str) -> Answer:
    """The form in which the gateway in front of the API speaks."""
    return json_answer(status, {"statusCode": status, "message": message})


def problem(status: int, detail: str = "") -> Answer:
    """ASP.NET's problem body; `status` is a string, as on the vendor's pages."""
    kind, title = PROBLEMS[status]
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    body: dict[str, Any] = {"type": kind, "title": title, "status": str(status), "traceId": trace}
    if detail:
        body["errors"] = {"$": [detail]}
    return json_answer(status, body, PROBLEM)


def rate_limited(seconds: int) -> Answer:
    """The documented 429."""
    return json_answer(429, {"status": "429", "message": texts.RATE_LIMIT.format(seconds=seconds)})


def refuse(status: int, text: str) -> Refusal:
    """A refusal with a bare sentence."""
    return Refusal(text_answer(status, text))


def malformed(detail: str) -> Refusal:
    """A refusal as the framework of the real service would word it (a guess)."""
    return Refusal(problem(400, detail), detail)

"""From an answer to a result or a named error."""

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar
from urllib.parse import quote, quote_plus

from . import errors, wording
from .calls import Call
from .fields import ShapeError, fit

T = TypeVar("T")

_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?")
_WAIT = re.compile(r"\bin (\d{1,9}(?:\.\d+)?) second")
_DETAIL = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its status, its headers Retry-After and Date (or "") and its body."""

    status: int
    retry_after: str
    body: bytes
    date: str = ""

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8-sig", "replace").strip()

    @property
    def is_page(self) -> bool:
        """Mark-up: some proxy answered, flinkey never does so. The body decides: headers lie."""
        return self.text.startswith("<")

    def json(self) -> object:
        """The body's JSON, None when it is empty. Raises ShapeError."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ShapeError("no JSON") from None

    def sentence(self) -> str:
        """The message: a field of a JSON object, a JSON string, or else the bare text."""
        try:
            value = self.json()
        except ShapeError:
            return self.text
        if isinstance(value, dict):
            named = (value.get(name) for name in ("message", "title", "error_description"))
            return next((text for text in named if isinstance(text, str)), self.text)
        return value if isinstance(value, str) else self.text


class Facts(NamedTuple):
    """What every error carries, in the order of its arguments."""

    operation: str
    method: str
    path: str
    status: int | None
    detail: str


def result(call: Call[T], answer: Answer, secrets: tuple[str, ...]) -> T:
    """The call's result. Raises the error that the answer means."""
    if not 200 <= answer.status < 300:
        raise refusal(call, answer, secrets)
    try:
        return call.read(answer.json())
    except ShapeError as fault:
        # A good answer holds personal data or a token: only its size is told. A proxy's page may be quoted.
        told = answer.text if answer.is_page else f"unusable answer of {len(answer.body)} bytes: {fault}"
        raise lost(call, answer.status, masked(told, secrets)) from None


def refusal(call: Call[T], answer: Answer, secrets: tuple[str, ...]) -> errors.FlinkeyError:
    """The error for an answer other than 2xx. The gateway's refusals hold whatever their body looks like."""
    facts = Facts(call.operation, call.method, call.path, answer.status, masked(answer.text, secrets))
    if answer.status == 401:
        return _unauthorized(call, answer)(*facts)
    if answer.status == 429:
        return errors.RateLimited(*facts, retry_after=_wait(answer))
    if not 400 <= answer.status < 500 or answer.is_page:
        return lost(call, answer.status, facts.detail)
    return _told(call, answer, facts)


def _told(call: Call[T], answer: Answer, facts: Facts) -> errors.FlinkeyError:
    """The error for flinkey's own no."""
    if answer.status == 404:
        return errors.NotFound(*facts, missing=wording.missing(answer.sentence()))
    if answer.status == 409:
        return errors.Conflict(*facts, reason=wording.conflict(answer.sentence()))
    refused = call.signs_in and answer.status == 400
    return errors.SignInRefused(*facts) if refused else errors.Rejected(*facts)


def lost(call: Call[T], status: int | None, detail: str, *, sent: bool = True) -> errors.FlinkeyError:
    """The error for a call without a usable answer. sent: whether any of the request left this machine."""
    facts = Facts(call.operation, call.method, call.path, status, detail)
    if call.writes and sent:
        return errors.OutcomeUnknown(*facts, repeatable=not call.once)
    return errors.Unavailable(*facts, repeatable=True)


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """At most 2,000 characters of the text, without the secrets in any spelling that an echo may have."""
    for secret in filter(None, secrets):
        spellings = (
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
            html.escape(secret),
        )
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, "***")
    return fit(_JWT.sub("***", text)[:_DETAIL])


def _unauthorized(call: Call[T], answer: Answer) -> type[errors.FlinkeyError]:
    if wording.blames_api_key(answer.sentence()):
        return errors.BadApiKey
    return errors.SignInRefused if call.signs_in else errors.Unauthorized


def _wait(answer: Answer) -> float:
    """Seconds to wait: the header (seconds or a date), else the sentence, else 30."""
    found = _WAIT.search(answer.sentence().lower())
    seconds = _header_seconds(answer.retry_after)
    if seconds is None:
        seconds = float(found[1]) if found else 30.0
    return min(max(seconds, 1.0), 3600.0)


def _header_seconds(value: str) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()

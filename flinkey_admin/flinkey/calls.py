"""One call as a value: what a noun hands to the transport, and nothing about how it travels."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request and the reader of its answer.

    operation: the operationId of openapi.yaml. path: below the base address. query, body (JSON), form: what
    is sent. read: turns the answer's JSON (None: an empty answer) into the result, or raises
    fields.ShapeError.
    scope: the last header it needs of API key, token and customer (README 1.3 of the API's notes).
    once: a second sending could have a second effect. secrets: texts that no error may show.
    """

    operation: str
    method: str
    path: str
    read: Callable[[object], T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    scope: Literal["key", "token", "customer"] = "customer"
    once: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def writes(self) -> bool:
        """The call changes something at flinkey. A token request changes nothing."""
        return self.method not in ("GET", "POST")

    @property
    def signs_in(self) -> bool:
        """The call is the token request."""
        return self.form is not None

    @property
    def content_type(self) -> str | None:
        """The header Content-Type, None for a call without a body."""
        if self.form is not None:
            return "application/x-www-form-urlencoded"
        return None if self.body is None else "application/json"

    @property
    def payload(self) -> bytes | None:
        """The bytes to send."""
        if self.form is not None:
            return urlencode(self.form).encode()
        return None if self.body is None else json.dumps(self.body).encode()


class Send(Protocol):
    """The one function through which every noun speaks to flinkey."""

    def __call__(self, call: Call[T]) -> T:
        """Sends the call and gives its result, or raises an errors.FlinkeyError."""

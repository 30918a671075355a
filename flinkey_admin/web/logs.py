"""What stands on every line of the log beside its words: the reference number that ties what a person saw to it, the
change it belongs to, and who wrote it. And what must not stand there."""

import logging
import platform
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

current: ContextVar[str] = ContextVar("reference", default="-")
operation: ContextVar[int | None] = ContextVar("operation", default=None)
manager: ContextVar[int | None] = ContextVar("manager", default=None)  # our number of who asked

# What tells of an attack, or of somebody who came and went: the list is in docs/operate.md.
security = logging.getLogger("flinkey_admin.security")


def new_reference() -> str:
    """Eight characters a person can read out on the phone."""
    return secrets.token_hex(4).upper()


@contextmanager
def about(operation_id: int) -> Iterator[None]:
    """Whatever is logged meanwhile, in this thread and those that it starts, belongs to this change."""
    token = operation.set(operation_id)
    try:
        yield
    finally:
        operation.reset(token)


def role(words: list[str]) -> str:
    """What a process is, by its command line: web, the queue of a worker, or the name of a command."""
    if "--queue-name" in words[:-1]:
        return f"worker {words[words.index('--queue-name') + 1]}"
    commands = [word for word in words[1:] if not word.startswith("-")]
    if "gunicorn" in words[0] or not commands:
        return "web"
    return "worker runs" if commands[0] == "work" else commands[0]


class ReferenceFilter(logging.Filter):
    """Puts on every log record the request's reference, who asked, the change's number, the machine and the process."""

    node = platform.node()
    role = role(sys.argv)

    def filter(self, record: logging.LogRecord) -> bool:
        record.reference = current.get()
        record.manager, record.operation = manager.get(), operation.get()
        record.node, record.role = self.node, self.role
        return True


SECRETS = (
    (re.compile(r"(/calendar/)[^/\s]+?(\.ics)"), r"\1…\2"),
    (re.compile(r"(Bearer )\S+"), r"\1…"),
    (re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), "…@…"),
)


class SecretFilter(logging.Filter):
    """Leaves out what whoever reads the log must not know: calendars' secrets, tokens, people's addresses.

    In the words and in what Python says of an exception. Names and plates are not in them in the first place.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (hidden := _hidden(text)) != text:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _hidden(record.exc_text)
        return True


# What a terminal or a reader of lines would obey instead of showing it, the end of a line aside.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Lines(logging.Formatter):
    """A line for each record, with the time in UTC. What Python says of an exception stands below it, indented.

    So no words of others can look like a line of their own, and none moves a terminal's cursor.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return super().formatMessage(record).replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        return CONTROL.sub(lambda found: repr(found[0])[1:-1], super().format(record)).replace("\n", "\n    ")


class JsonLines(JsonFormatter):
    """A line of JSON with these fields and no other: Django adds the whole request, with what was searched for."""

    fields = ("time", "level", "logger", "message", "reference", "manager", "operation", "node", "role", "exc_info")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: log_data[name] for name in self.fields if name in log_data}

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return _hidden(str(super().formatException(ei)))


def _hidden(text: str) -> str:
    for secret, instead in SECRETS:
        text = secret.sub(instead, text)
    return text

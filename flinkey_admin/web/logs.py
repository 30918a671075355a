"""The reference number that ties what a person saw to the line in the log."""

import logging
import re
import secrets
from contextvars import ContextVar

current: ContextVar[str] = ContextVar("reference", default="-")


def new_reference() -> str:
    """Eight characters a person can read out on the phone."""
    return secrets.token_hex(4).upper()


class ReferenceFilter(logging.Filter):
    """Puts the reference of the request under way on every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.reference = current.get()
        return True


SECRET = re.compile(r"(/calendar/)[^/\s]+?(\.ics)")


class SecretFilter(logging.Filter):
    """Leaves the secret out of the address of a calendar: whoever reads the log must not be able to read that."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if SECRET.search(text):
            record.msg, record.args = SECRET.sub(r"\1…\2", text), ()
        return True

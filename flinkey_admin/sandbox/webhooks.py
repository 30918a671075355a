"""Webhooks: who is told the outcome of asynchronous work, how often, and how late."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from . import wire
from .settings import Settings
from .work import Job
from .world import Record

TIMEOUT = 5.0
WORD = {"create": "created", "update": "updated", "delete": "deleted"}


def checksum(body: bytes, settings: Settings) -> str:
    """MD5 of the request's bytes in upper case (a guess), or the fixed value that was set."""
    return settings.checksum or hashlib.md5(body, usedforsecurity=False).hexdigest().upper()


def plan(job: Job, body: Record, settings: Settings) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """When to send which webhook for a finished job."""
    if not settings.webhook_url or settings.webhook_lost:
        return
    url = settings.webhook_url
    if settings.webhook_separate:
        url = f"{url.rstrip('/')}/{WORD[job.kind]}/"
    due = job.due + timedelta(seconds=settings.webhook_delay)
    for _ in range(settings.webhook_repeat):
        yield due, {"url": url, "secret": settings.webhook_secret, "body": body}


def send(facts: dict[str, Any]) -> dict[str, Any]:
    """Deliver one webhook, once, and report how it went."""
    body = json.dumps(facts["body"], ensure_ascii=False).encode()
    headers = {"secret": facts["secret"]} if facts["secret"] else {}
    report = {"url": facts["url"], "body": facts["body"], "status": None, "error": None}
    try:
        report["status"], _ = wire.post(facts["url"], body, headers, TIMEOUT)
    except (OSError, HTTPException, ValueError) as error:
        report["error"] = f"{type(error).__name__}: {error}"
    return report

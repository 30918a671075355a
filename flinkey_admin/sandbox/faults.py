"""Faults on order: what goes wrong, on which operation, how often."""

from dataclasses import dataclass, field
from typing import Any

from . import texts
from .messages import HTML, Answer, gateway_answer, problem, rate_limited, text_answer

BEFORE = {"reset-before", "dead-token", "bad-key", "redirect"}
AFTER = {"reset-after", "truncated", "broken-json"}
EITHER = {"status", "html"}
KINDS = BEFORE | AFTER | EITHER | {"slow"}
DOCUMENTED = {400: texts.GROUP_WITHOUT_NAME, 404: texts.NO_MANAGER, 409: texts.GROUP_NAME_TAKEN}
PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Bad gateway</h1></body></html>"


@dataclass
class Fault:
    """One order. `skip` requests pass unharmed, then `times` requests are struck; -1: all of them."""

    operation: str
    kind: str
    times: int = 1
    skip: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the operation takes effect in spite of the fault."""
        return self.kind in AFTER or self.kind == "slow" or bool(self.facts.get("done"))


class Faults:
    """The orders in force, first come first served; each request meets at most one."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def add(self, operation: str, kind: str, times: int = 1, skip: int = 0, **facts: Any) -> None:
        """Order a fault; ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault: {kind}; known are {', '.join(sorted(KINDS))}")
        self._orders.append(Fault(operation, kind, times, skip, facts))

    def clear(self) -> None:
        """Withdraw every order."""
        self._orders.clear()

    def next_for(self, operation: str) -> Fault | None:
        """The fault that strikes this request, counted down."""
        for order in self._orders:
            if order.operation not in (operation, "*") or order.times == 0:
                continue
            if order.skip > 0:
                order.skip -= 1
                continue
            order.times -= order.times > 0
            return order
        return None


def faulty_answer(fault: Fault) -> Answer:
    """The answer of a fault that replaces the operation's own."""
    facts = fault.facts
    if fault.kind == "dead-token":
        return gateway_answer(401, texts.UNAUTHORIZED)
    if fault.kind == "bad-key":
        return gateway_answer(401, texts.BAD_KEY)
    if fault.kind == "redirect":
        return Answer(int(facts.get("status", 302)), headers=(("Location", str(facts["location"])),))
    if fault.kind == "html":
        status = int(facts.get("status", 502))
        return Answer(status, str(facts.get("body", PAGE.format(status=status))).encode(), HTML)
    return _status_answer(facts)


def _status_answer(facts: dict[str, Any]) -> Answer:
    status = int(facts.get("status", 500))
    seconds = facts.get("retry_after", 7 if status == 429 else None)
    answer = _documented(status, int(seconds or 0))
    if "body" in facts:
        answer = Answer(status, str(facts["body"]).encode(), str(facts.get("content_type", answer.content_type)))
    if seconds is None or not facts.get("header", True):
        return answer
    return Answer(status, answer.body, answer.content_type, (("Retry-After", str(seconds)),))


def _documented(status: int, seconds: int) -> Answer:
    if status == 401:
        return gateway_answer(401, texts.UNAUTHORIZED)
    if status == 415:
        return problem(415)
    if status == 429:
        return rate_limited(seconds)
    if status == 500:
        return text_answer(500, texts.SERVER_ERROR)
    if status in DOCUMENTED:
        return text_answer(status, DOCUMENTED[status])
    return gateway_answer(status, "Service unavailable")

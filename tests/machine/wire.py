"""flinkey's side of the machine: faults, the death of the dashboard at a call, and who has done what in which order."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flinkey_admin.sandbox.faults import Fault, Faults
from flinkey_admin.sandbox.simulation import Log, Simulation

MEMBER = re.compile(r"/groups/(\d+)/(cars|users|services|products)(?:/(\d+))?")
GROUP = re.compile(r"/groups/(\d+)")
WINDOW = re.compile(r"/assignments/(\d+)")
SIGN_IN = {"getToken", "getCustomers"}
Signature = tuple[Any, ...]  # a verb of the journal, and what it is about


@dataclass(frozen=True)
class Effect:
    """Something that flinkey has done, and who asked for it."""

    what: Signature
    is_ours: bool


@dataclass
class Wire(Faults):
    """The faults of a sandbox, which can also end the process that calls, and let somebody else be quicker."""

    sim: Simulation
    effects: list[Effect] = field(default_factory=list)
    calls: list[Signature] = field(default_factory=list)  # the writes that flinkey has looked at, done or not
    wrong: list[str] = field(default_factory=list)  # what was seen to be wrong at a call
    dead: bool = False
    weather: Fault | None = None  # for as long as it lasts, every call
    struck: int = 0
    _die_at: int = 0
    _moment: str = ""
    _meanwhile: tuple[int, Callable[[], None]] | None = None
    _pause: tuple[dt.datetime, dt.datetime] | None = None  # flinkey asked to be left alone, since when and until when

    def __post_init__(self) -> None:
        super().__init__()
        self.sim.faults = self
        self.sim.requests = _Watched(self)

    def die(self, at: int, moment: str) -> None:
        """The process ends at its n-th call from now on: before flinkey hears of it, or after it was done."""
        self._die_at, self._moment = at, moment

    def meanwhile(self, at: int, do: Callable[[], None]) -> None:
        """Just before the n-th call somebody else does something."""
        self._meanwhile = (at, do)

    def calm(self) -> None:
        """No fault, no death, nobody else."""
        self.clear()
        self._die_at, self._meanwhile, self.dead = 0, None, False

    def next_for(self, operation: str) -> Fault | None:
        """The fault that strikes this request. Called with the lock of the simulation held."""
        if self.dead:
            return Fault("*", "reset-before")
        if self._meanwhile:
            left, do = self._meanwhile
            self._meanwhile = (left - 1, do) if left > 1 else None
            if left == 1:
                do()
        if self._die_at:
            self._die_at -= 1
            if not self._die_at:
                self.dead = True
                return Fault("*", self._moment)
        self._keep_pause(operation)
        found = super().next_for(operation) or super().next_for("read" if operation.startswith("get") else "write")
        if found is None and self.weather and operation not in SIGN_IN:
            found = self.weather
        if found:
            self.struck += 1
            if found.facts.get("status") == 429:
                now = self.sim.clock.now()
                until = now + dt.timedelta(seconds=found.facts["retry_after"])
                if self._pause is None or until > self._pause[1]:
                    self._pause = (now, until)
        return found

    def _keep_pause(self, operation: str) -> None:
        if self._pause and self._pause[0] < self.sim.clock.now() < self._pause[1] and operation not in SIGN_IN:
            self.wrong.append(f"{operation} within a pause that flinkey asked for")

    # What was done ---------------------------------------------------------------------------------------------------

    def heard(self, call: dict[str, Any]) -> None:
        """One request has come and was answered."""
        if call["method"] == "GET" or call["operation"] in SIGN_IN:
            return
        if call["status"] in {401, 429}:
            return  # turned away at the gate; a form whose call was is forgotten
        what = signature(call)
        self.calls.append(what)
        if call["took_effect"]:
            self.did(what, is_ours=True)

    def did(self, what: Signature, *, is_ours: bool = False) -> None:
        """Something has taken effect."""
        self.effects.append(Effect(what, is_ours))
        if is_ours and what[0] == "remove":
            _verb, kind, thing, _group = what
            if not self.homes(kind, thing):
                self.effects.append(Effect(("homeless", kind, thing, _group), is_ours))

    def homes(self, kind: str, thing: int) -> set[int]:
        """The groups that a thing is in now."""
        return {one.id for one in self.groups() if thing in one.members[kind]}

    def groups(self) -> Iterable[Any]:
        return self.sim.world.customers[1].groups.values()

    def members(self, kind: str, group: int | None) -> set[int]:
        """Who is in a group now; nobody when there is no such group."""
        return next((set(one.members[kind]) for one in self.groups() if one.id == group), set())

    def windows(self) -> dict[int, dict[str, Any]]:
        return self.sim.world.customers[1].windows

    def picture(self) -> dict[str, Any]:
        """All groups with their members, and all windows, to compare with later."""
        groups = {one.id: {kind: frozenset(ids) for kind, ids in one.members.items()} for one in self.groups()}
        names = {one.id: one.name for one in self.groups()}
        return {
            "members": groups,
            "names": names,
            "windows": {number: plain(one) for number, one in self.windows().items()},
        }


class _Watched(Log):
    """The sandbox's log of requests; who appends to it holds the lock."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(maxlen=100)
        self._wire = wire

    def append(self, entry: dict[str, Any], /) -> None:
        super().append(entry)
        self._wire.heard(entry)


def signature(call: dict[str, Any]) -> Signature:
    """A request of the log as the verb of the journal that it carries out."""
    path, body = call["path"], call["body"]
    if found := MEMBER.fullmatch(path):
        kind = found[2]
        if call["method"] == "PUT":
            return ("add", kind, body[f"{kind[:-1]}Id"], int(found[1]))
        return ("remove", kind, int(found[3]), int(found[1]))
    if found := GROUP.fullmatch(path):
        return ("delete-group", int(found[1])) if call["method"] == "DELETE" else ("rename-group", int(found[1]))
    if found := WINDOW.fullmatch(path):
        return ("delete-window" if call["method"] == "DELETE" else "change-window", int(found[1]))
    if path == "/groups":
        return ("create-group", body["name"])
    return ("create-window", body["carId"], body["userId"], body["start"], body.get("end"))


def plain(window: dict[str, Any]) -> tuple[Any, ...]:
    """A window as it works, whether flinkey's default stands in it or was left to it."""
    lifetime = window["lifetime"] or 604_800
    names = ("carId", "userId", "start", "end")
    return (*(window[name] for name in names), lifetime, window["renewableAfter"] or lifetime // 2)

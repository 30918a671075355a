"""Answers of flinkey as the copy takes them, in an order that a test decides."""

import datetime as dt
from typing import Any

import time_machine

from flinkey_admin.accounts.models import Customer
from flinkey_admin.mirror import store
from flinkey_admin.mirror.models import Window
from flinkey_admin.operations.models import Outside

BEGAN = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)


class Copy:
    """The copy of one customer: each time that flinkey says something, ten seconds have passed."""

    def __init__(self) -> None:
        self.customer = Customer.objects.create(flinkey_id="99", name="Nordwind")
        self.now = BEGAN

    def hear(self, *said: tuple[str, Any], late: int = 0) -> list[str]:
        """Lists that were asked for at once, with what flinkey says; `late`: so many seconds ago, if not just now.

        Returns those that were left out.
        """
        self.now += dt.timedelta(seconds=10)
        asked_at = self.now - dt.timedelta(seconds=late)
        with time_machine.travel(self.now, tick=False):
            return store.apply(self.customer, [store.Answer(name, found, asked_at) for name, found in said])

    def windows(self) -> dict[int, dt.datetime | None]:
        """The windows that there are, with their ends."""
        rows = Window.objects.filter(customer=self.customer, ended_at=None)
        return dict(rows.values_list("flinkey_id", "end"))

    def told(self) -> list[tuple[str, str, int]]:
        """What was noted of others, in order."""
        return list(Outside.objects.order_by("pk").values_list("what", "kind", "thing_id"))

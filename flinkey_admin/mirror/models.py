"""The local copy of the fleet, keyed by customer. Only `store.py` writes it.

Ids are flinkey's own and mean something only beside their customer. What has vanished in flinkey stays, with the time
at which that was seen, so that the past can be asked about.
"""

import re
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Q
from django.db.models.lookups import Contains
from django.db.models.sql.compiler import SQLCompiler

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind, records

LIVE = Q(ended_at=None)


class Listing(models.Model):
    """A list of flinkey as `lists.py` names it: when it was read, and who reads it now.

    The name "everything" is no list but how far the sweep has come: `size` of `total` lists are read.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    read_at = models.DateTimeField(null=True)  # when flinkey was asked for what the copy holds now
    size = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)  # of the last answer: the same one again changes nothing
    changed_at = models.DateTimeField(null=True)  # when an answer last differed from the one before
    looked_at = models.DateTimeField(null=True)  # the sweep takes first what somebody has looked at last
    touched_at = models.DateTimeField(null=True)  # changed by us then, so an answer asked for before is out of date
    lease_until = models.DateTimeField(null=True)  # somebody asks flinkey just now
    rests_until = models.DateTimeField(null=True)  # flinkey refused this one list, so nobody asks for it before

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "name"], name="one_listing")]

    def __str__(self) -> str:
        return f"{self.name} of {self.customer_id}"


class Upstream(models.Model):
    """How flinkey is: one row for the whole dashboard, so that a flinkey in trouble is asked once per interval."""

    trouble = models.CharField(max_length=10, blank=True)  # down, busy, key; blank: all is well
    next_try_at = models.DateTimeField(null=True)
    slow_at = models.DateTimeField(null=True)  # when it last took long to answer
    level = models.FloatField(default=0)  # calls that the sweep may still make
    level_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.trouble or "well"


class Mirrored(models.Model):
    """Something of a customer that flinkey has, or had until `ended_at`."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    flinkey_id = models.BigIntegerField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


@models.TextField.register_lookup
class Holds(Contains):
    """`column__holds=word`: a folded text with a folded word in it. There are no capitals left to be matched with small
    letters and nothing that is escaped, so SQLite needs a seventh less time than for `contains`."""

    lookup_name = "holds"

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        """PostgreSQL knows its own names alone; there it is `contains`."""
        return str(connection.operators["contains"] % rhs)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """The word with what GLOB takes for a pattern as a letter of its own."""
        column, params = self.process_lhs(compiler, connection)
        word = re.sub(r"[*?\[]", r"[\g<0>]", self.rhs)
        return f"{column} GLOB %s", [*params, f"*{word}*"]


class Thing(Mirrored):
    """A mirrored thing with what finds it and what sorts it (`web.names`)."""

    search = models.TextField(blank=True)
    squeezed = models.TextField(blank=True)
    sort_name = models.TextField(blank=True)
    sort_second = models.TextField(blank=True)

    class Meta:
        abstract = True


class NameIndex(models.Index):
    """By name. In SQLite with what a search looks in, and `ended_at`, without which SQLite reads the rows as well.

    PostgreSQL takes no entry of more than 2,700 bytes, and a description may be longer. It searches as quickly without.
    """

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        more = ["squeezed", "ended_at"] if schema_editor.connection.vendor == "sqlite" else []
        index = models.Index(fields=[*self.fields, *more], condition=self.condition, name=self.name)
        return index.create_sql(model, schema_editor, using, **kwargs)


def _by_name(name: str) -> models.Index:
    return NameIndex(fields=["customer", "sort_name", "flinkey_id"], condition=LIVE, name=f"{name}_by_name")


class Group(Thing):
    name = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_group")]
        indexes = [_by_name("group")]

    def __str__(self) -> str:
        return self.name

    def record(self) -> records.Group:
        """As flinkey's client gives it."""
        return records.Group(self.flinkey_id, self.name)


class Member(Thing):
    """What can be in a group. `groups`: in how many it is."""

    groups = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def record(self) -> Any:
        """As flinkey's client gives it."""
        raise TypeError(f"no record for {type(self).__name__}")


class Car(Member):
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    vin = models.TextField(blank=True)
    license_plate = models.TextField(blank=True)
    brand = models.TextField(blank=True)
    model = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_car")]
        indexes = [
            _by_name("car"),
            models.Index(fields=["customer", "groups", "ended_at"], condition=LIVE, name="car_by_groups"),
            models.Index(fields=["customer", "ended_at"], condition=Q(ended_at__isnull=False), name="car_gone"),
        ]

    def __str__(self) -> str:
        return self.name

    def record(self) -> records.Car:
        return records.Car(
            self.flinkey_id,
            self.name,
            self.description or None,
            self.vin or None,
            self.license_plate or None,
            self.brand or None,
            self.model or None,
        )


class User(Member):
    email = models.TextField(blank=True)
    first_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_user")]
        indexes = [_by_name("user")]

    def __str__(self) -> str:
        return self.email

    def record(self) -> records.User:
        return records.User(self.flinkey_id, self.email, self.first_name or None, self.last_name or None)


class Service(Member):
    name = models.TextField(blank=True)
    is_terminated = models.BooleanField(default=False)
    termination_date = models.DateTimeField(null=True)
    termination_cause = models.TextField(blank=True)
    product_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_service")]
        indexes = [_by_name("service")]

    def __str__(self) -> str:
        return self.name

    def record(self) -> records.Service:
        return records.Service(
            self.flinkey_id,
            self.name,
            self.is_terminated,
            self.termination_date,
            self.termination_cause or None,
            self.product_id,
        )


class Product(Member):
    unique_id = models.TextField(blank=True)
    serial_number = models.TextField(blank=True)
    sap_number = models.TextField(blank=True)
    type = models.TextField(blank=True)
    terminated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_product")]
        indexes = [_by_name("product")]

    def __str__(self) -> str:
        return self.unique_id

    def record(self) -> records.Product:
        return records.Product(
            self.flinkey_id,
            self.unique_id,
            self.serial_number or None,
            self.sap_number or None,
            self.type or None,
            self.terminated_at,
        )


THINGS: dict[Kind, type[Member]] = {
    Kind.CARS: Car,
    Kind.USERS: User,
    Kind.SERVICES: Service,
    Kind.PRODUCTS: Product,
}


class Membership(models.Model):
    """That a thing is in a group, from `seen_at` on, until `ended_at`. A thing that comes back gets another row."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    kind = models.CharField(max_length=10)
    thing_id = models.BigIntegerField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "kind", "thing_id"], condition=LIVE, name="one_membership")
        ]
        indexes = [models.Index(fields=["customer", "kind", "thing_id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.thing_id} in {self.group_id}"


class Window(Mirrored):
    """The right of a user to open a car from `start` to `end` (null: open end).

    `lifetime` and `renewable_after` are seconds and stand only in the answer for a single window: known since
    `lifetime_read_at`. The car and the user are found by customer and flinkey's id; flinkey may name neither.
    """

    car_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)
    lifetime = models.PositiveIntegerField(null=True)
    renewable_after = models.PositiveIntegerField(null=True)
    lifetime_read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "flinkey_id"], name="one_window")]
        indexes = [
            # All that the overview asks of windows, so that it reads nothing else.
            models.Index(fields=["customer", "car_id", "start", "end", "ended_at"], name="window_by_car"),
            models.Index(fields=["customer", "user_id", "start"]),
            models.Index(fields=["customer", "end", "start"], condition=LIVE, name="window_by_end"),
            models.Index(fields=["customer", "ended_at"], condition=Q(ended_at__isnull=False), name="window_gone"),
        ]

    def __str__(self) -> str:
        return f"window {self.flinkey_id}"

    def record(self) -> records.Assignment:
        """As flinkey's client gives it."""
        return records.Assignment(
            self.flinkey_id,
            self.car_id,
            self.user_id,
            self.start,
            self.end,
            self.lifetime,
            self.renewable_after,
        )

"""The journal: every write is an operation with steps, stored before the first call. Only `journal` writes it."""

import datetime as dt
import uuid
from typing import Any

from django.db import models

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.flinkey.fields import instant

HAND_OVER, SWAP = "hand-over", "swap"
PAIRS = (HAND_OVER, SWAP)  # acts of two windows, the second of which is changed only once the first is confirmed


class State(models.TextChoices):
    """How far a step is, and an operation as the sum of its steps.

    planned: nothing was sent. sent: under way. accepted: flinkey took a window and works on it. confirmed: it is so.
    refused: flinkey said no. unknown: the answer was lost.
    """

    PLANNED = "planned"
    SENT = "sent"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Verb(models.TextChoices):
    """What one step does: one call of the API."""

    ADD = "add"
    REMOVE = "remove"
    CREATE_GROUP = "create-group"
    RENAME_GROUP = "rename-group"
    DELETE_GROUP = "delete-group"
    CREATE_WINDOW = "create-window"
    CHANGE_WINDOW = "change-window"
    DELETE_WINDOW = "delete-window"


class Hold(models.TextChoices):
    """Why a change that has its yes is not under way just now.

    queued: the worker will take it. busy, down, key: flinkey asked to wait, was not reached, refused our key; it is
    tried again at `next_try_at`. signed-out: until a manager of the customer signs in. paused: a person said so.
    asks: so much time has passed that a person must say yes once more.
    """

    QUEUED = "queued"
    BUSY = "busy"
    DOWN = "down"
    KEY = "key"
    SIGNED_OUT = "signed-out"
    PAUSED = "paused"
    ASKS = "asks"


class Operation(models.Model):
    """One change that a person asked for, of one thing or of many."""

    class Kind(models.TextChoices):
        MOVE = "move"
        ADD = "add"
        REMOVE = "remove"
        CREATE_GROUP = "create-group"
        RENAME_GROUP = "rename-group"
        DELETE_GROUP = "delete-group"
        EMPTY_GROUP = "empty-group"
        RESTORE_GROUP = "restore-group"  # takes the emptying and deletion back
        GIVE_ACCESS = "give-access"
        CHANGE_ACCESS = "change-access"
        END_ACCESS = "end-access"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    person = models.ForeignKey(Manager, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=Kind)
    facts = models.JSONField(default=dict)  # names as they were: what the title and the review say
    helpers = models.JSONField(default=list)  # the addresses of others who went on with it
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    nonce = models.UUIDField(unique=True, default=uuid.uuid4)  # a form sent twice makes one operation
    lease_until = models.DateTimeField(null=True)  # whoever runs it says until when nobody else may
    lease_mark = models.UUIDField(null=True)  # whose lease it is
    hold = models.CharField(max_length=10, choices=Hold, blank=True)
    wish = models.CharField(max_length=10, blank=True)  # what a person asks of whoever runs it: pause, stop
    next_try_at = models.DateTimeField(null=True)  # not before then
    active_at = models.DateTimeField(null=True)  # a person said yes, or something was done
    pace = models.FloatField(null=True)  # calls per second, once flinkey has asked to wait
    closed_at = models.DateTimeField(null=True)  # a person has left it as it is
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="undone_by")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-id"]),
            models.Index(fields=["started_at"], condition=models.Q(finished_at=None), name="operation_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.state}"

    @property
    def says_why(self) -> bool:
        """Whether each thing that was left out comes with its reason; of members there is only one."""
        return bool(self.undoes_id) or self.kind.endswith("-access")


class Step(models.Model):
    """One call of an operation, its inverse, and what became of it."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="steps")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    position = models.PositiveIntegerField()
    after = models.ForeignKey("self", on_delete=models.PROTECT, null=True)  # runs only once that one is confirmed

    verb = models.CharField(max_length=20, choices=Verb)
    kind = models.CharField(max_length=10, blank=True)  # cars, users, services, products
    thing_id = models.BigIntegerField(null=True)
    label = models.CharField(max_length=300)
    group_id = models.BigIntegerField(null=True)
    group_label = models.CharField(max_length=300, blank=True)
    car_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    window_id = models.BigIntegerField(null=True)
    args = models.JSONField(default=dict)
    before = models.JSONField(default=dict)  # what was true when it was planned
    inverse = models.JSONField(null=True)  # the step that takes it back; null where nothing can
    open_key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 - null frees the key

    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    already = models.BooleanField(default=False)  # it was so before
    reason = models.CharField(max_length=40, blank=True)  # a key of sentences.REASONS
    detail = models.TextField(blank=True)  # flinkey's own words, folded away
    reference = models.CharField(max_length=8, blank=True)
    hint = models.JSONField(null=True)  # what a webhook said; checked by reading back
    confirmed_by = models.CharField(max_length=10, blank=True)  # answer, read-back, webhook
    attempts = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True)
    wait_until = models.DateTimeField(null=True)  # flinkey asked for a pause until then
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["operation", "position"], name="one_position")]
        indexes = [
            models.Index(fields=["customer", "car_id", "state"]),
            models.Index(fields=["customer", "user_id", "state"]),
            models.Index(fields=["customer", "window_id", "state"]),
            models.Index(fields=["customer", "kind", "thing_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.label} {self.state}"

    def becomes(self) -> dict[str, Any]:
        """What the window of a step that creates or changes one says once that has come true, as calls write it."""
        before = self.before if self.verb == Verb.CHANGE_WINDOW else {}
        return {"car_id": self.car_id, "user_id": self.user_id, **before, **self.args}

    def times(self) -> tuple[dt.datetime, dt.datetime | None]:
        """Start and end of that window."""
        said = self.becomes()
        return instant(said["start"]), instant(said["end"]) if said.get("end") else None


class Outside(models.Model):
    """A change that was not made here: the copy of the fleet met it in flinkey. `before` and `after`: what differs.

    It came true between `since`, when the list was read that did not show it yet, and `seen_at`.
    """

    class What(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        GONE = "gone"
        JOINED = "joined"  # a group
        LEFT = "left"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    since = models.DateTimeField(null=True)  # null where nobody has noted it
    seen_at = models.DateTimeField()
    what = models.CharField(max_length=10, choices=What)
    kind = models.CharField(max_length=10)  # cars, users, services, products, groups, windows
    thing_id = models.BigIntegerField()
    label = models.CharField(max_length=300)
    group_id = models.BigIntegerField(null=True)
    group_label = models.CharField(max_length=300, blank=True)
    car_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "kind", "thing_id"]),
            models.Index(fields=["customer", "car_id"]),
            models.Index(fields=["customer", "user_id"]),
            models.Index(fields=["customer", "-seen_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.thing_id} {self.what}"


class Webhook(models.Model):
    """A message that claims to come from flinkey, as it came. A hint, never a proof.

    `customer`: null where it names none that we know. `is_odd`: it has another shape than those that are known.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)
    is_odd = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, unique=True)
    event = models.CharField(max_length=10, blank=True)  # created, updated, deleted, or blank: one URL for all
    body = models.TextField()
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField(auto_now=True)
    step = models.ForeignKey(Step, on_delete=models.SET_NULL, null=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "-last_at"])]

    def __str__(self) -> str:
        return f"{self.event} {self.last_at:%H:%M:%S}"

"""What a company has decided about its windows; flinkey knows nothing of it."""

from django.db import models

from flinkey_admin.accounts.models import Customer, Manager
from flinkey_admin.operations.models import Operation


class Sharing(models.Model):
    """Whether people may have a car, or the cars of a group, at the same time. Without a row nothing was decided."""

    class Kind(models.TextChoices):
        CARS = "cars"
        GROUPS = "groups"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    flinkey_id = models.BigIntegerField()
    is_shared = models.BooleanField()
    person = models.ForeignKey(Manager, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "kind", "flinkey_id"], name="one_sharing")]

    def __str__(self) -> str:
        return f"{self.kind} {self.flinkey_id} {'shared' if self.is_shared else 'exclusive'}"


class Feed(models.Model):
    """A calendar of the windows of a car, a person or a group, behind an address that somebody must know.

    Of the address only a digest is kept. It works while `person`, who has made it, may act for the customer.
    """

    class Kind(models.TextChoices):
        CARS = "cars"
        USERS = "users"
        GROUPS = "groups"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    flinkey_id = models.BigIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Manager, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)  # to the minute

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "kind", "flinkey_id"], name="one_feed")]

    def __str__(self) -> str:
        return f"calendar of {self.kind} {self.flinkey_id}"


class Series(models.Model):
    """Windows that were given together by a rule, for these cars and people, and what was done with them since.

    Its windows are those that its operations have created, and those that took one of them back. `cars` and `users`:
    flinkey's ids, as they were when it was planned. Without an operation it is a plan that nobody has said yes to.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    rule = models.JSONField()  # series.Rule.kept
    cars = models.JSONField()
    users = models.JSONField()
    person = models.ForeignKey(Manager, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    operations = models.ManyToManyField(Operation, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["customer", "-made_at"])]

    def __str__(self) -> str:
        return self.name

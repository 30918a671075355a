"""What the fleet's pages keep on the server."""

import uuid

from django.db import models

from flinkey_admin.accounts.models import Customer, Manager


class Selection(models.Model):
    """A frozen "all that match": the ids that were counted are the ids that are changed, whatever happens meanwhile."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    manager = models.ForeignKey(Manager, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    ids = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{len(self.ids)} {self.kind}"


class Note(models.Model):
    """What a person leaves for whoever takes over the shift."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    person = models.ForeignKey(Manager, on_delete=models.PROTECT)
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer", "-written_at"])]

    def __str__(self) -> str:
        return f"note of {self.written_at:%d.%m. %H:%M}"

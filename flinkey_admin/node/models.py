"""What this installation knows and counts of itself."""

from django.db import models


class Calls(models.Model):
    """The calls of flinkey with one result, by all processes together. `waits`: how many took as long, by WAITS."""

    operation = models.CharField(max_length=40)
    result = models.CharField(max_length=60)
    count = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    waits = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation", "result"], name="one_count")]

    def __str__(self) -> str:
        return f"{self.count} {self.operation} {self.result}"


class Worker(models.Model):
    """A worker's sign of life: a process that takes tasks of these queues, on whichever machine."""

    name = models.CharField(max_length=250, unique=True)  # machine and process
    machine = models.CharField(max_length=200)
    queues = models.CharField(max_length=100)  # separated by commas
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.queues}"

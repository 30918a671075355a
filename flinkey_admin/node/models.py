"""What this installation counts of itself."""

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

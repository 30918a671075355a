"""People and the customers they act for."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.functional import cached_property


class Customer(models.Model):
    """A customer of flinkey, the tenant. Whatever this database holds hangs on one."""

    flinkey_id = models.CharField(max_length=40, unique=True)  # documented as a string, shown as a number
    name = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.name


class Manager(AbstractBaseUser):
    """A person with a flinkey account. flinkey checks the password; none is kept here."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    customers = models.ManyToManyField(Customer, through="Reach", related_name="managers")
    objects: models.Manager["Manager"] = BaseUserManager()

    USERNAME_FIELD = "email"

    @cached_property
    def reach(self) -> list[Customer]:
        """The customers that flinkey lists for this person, by name; read once a request."""
        return list(self.customers.order_by("name"))

    def get_session_auth_hash(self) -> str:
        """What ends a session when it changes: never, since the password is flinkey's and none is kept here.

        Django's own hangs on SECRET_KEY as well. A new key would then give each session another number in the middle of
        the work, which signs out whatever else that browser asks at the moment, and the jobs that know the old number.
        """
        return f"manager {self.pk}"

    def __str__(self) -> str:
        return self.email


class Reach(models.Model):
    """That flinkey listed this customer for this manager when it was last asked."""

    manager = models.ForeignKey(Manager, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["manager", "customer"], name="one_reach")]

    def __str__(self) -> str:
        return f"{self.manager} for {self.customer}"


class SignIn(models.Model):
    """A live session of a manager. The worker finds the session, and in it the token, through this."""

    manager = models.ForeignKey(Manager, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.manager} until {self.expires_at:%H:%M}"

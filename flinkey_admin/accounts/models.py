"""People and the customers they act for."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


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

    def __str__(self) -> str:
        return self.email


class Reach(models.Model):
    """That flinkey listed this customer for this manager at the last sign-in."""

    manager = models.ForeignKey(Manager, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

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

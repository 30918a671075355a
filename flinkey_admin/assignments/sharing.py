"""Exclusive or shared: whether overlapping windows of a car want a yes. A car's own word counts, then its groups'."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments.models import Sharing
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import Group, Membership

WORDS = {"shared": True, "exclusive": False}


@dataclass(frozen=True)
class Policy:
    """What holds for a car. `group`: whose word it is; empty for the car's own, and for nobody's."""

    is_shared: bool
    is_own: bool = False
    group: str = ""


def policy(scope: Scope, car_id: int | None) -> Policy:
    """What holds for a car. Of two groups that disagree the exclusive one wins: it only costs a yes.

    Nobody's word is exclusive: a box holds one key, and who finds it empty stands in the yard.
    """
    if car_id is None:
        return Policy(is_shared=False)
    inside = scoped(Membership.objects.all(), scope).filter(kind=Kind.CARS, thing_id=car_id, ended_at=None)
    mine = Q(kind=Sharing.Kind.CARS, flinkey_id=car_id)
    groups = Q(kind=Sharing.Kind.GROUPS, flinkey_id__in=inside.values("group__flinkey_id"))
    # False sorts before True: the exclusive group first, the car's own word before any group's.
    found = scoped(Sharing.objects.all(), scope).filter(mine | groups).order_by("kind", "is_shared").first()
    if found is None:
        return Policy(is_shared=False)
    if found.kind == Sharing.Kind.CARS:
        return Policy(found.is_shared, is_own=True)
    names = scoped(Group.objects.all(), scope).filter(flinkey_id=found.flinkey_id).values_list("name", flat=True)
    return Policy(found.is_shared, group=names.get())


def decided(scope: Scope, kind: Sharing.Kind, flinkey_id: int) -> str:
    """What somebody has said of this very car or group: shared, exclusive, or nothing."""
    row = scoped(Sharing.objects.all(), scope).filter(kind=kind, flinkey_id=flinkey_id).first()
    return next((word for word, value in WORDS.items() if row and row.is_shared == value), "")


def decide(scope: Scope, kind: Sharing.Kind, flinkey_id: int, word: str) -> None:
    """Keeps what somebody says of a car or a group: shared, exclusive, or nothing for not deciding it here."""
    mine: dict[str, Any] = {"customer": scope.customer, "kind": kind, "flinkey_id": flinkey_id}
    if word in WORDS:
        said = {"is_shared": WORDS[word], "person": scope.person, "decided_at": timezone.now()}
        Sharing.objects.update_or_create(**mine, defaults=said)
    else:
        Sharing.objects.filter(**mine).delete()

"""What the two sides of a window are called."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror.models import THINGS
from flinkey_admin.web.names import Thing, name_of, second_of


def names_of(scope: Scope, kind: Kind, ids: Iterable[int]) -> dict[int, Thing]:
    """Cars or users by their ids, also such that flinkey no longer has: a window may outlive them."""
    model: Any = THINGS[kind]
    rows = scoped(model.objects.all(), scope).filter(flinkey_id__in=list(ids))
    return {row.flinkey_id: row.record() for row in rows}


def called(thing_id: int | None, known: Mapping[int, Thing]) -> tuple[str, str]:
    """A thing's name, and what tells it from its namesakes."""
    if thing_id is None:
        return _("unknown person"), ""
    thing = known.get(thing_id)
    return (name_of(thing), second_of(thing)) if thing else (_("no longer known (%(id)s)") % {"id": thing_id}, "")


def names(scope: Scope, car_id: int | None, user_id: int | None) -> dict[str, str]:
    """The two sides of a window as its change will be called, and the person's e-mail address."""
    user, email = called(user_id, names_of(scope, Kind.USERS, [user_id] if user_id else []))
    car = " · ".join(filter(None, called(car_id, names_of(scope, Kind.CARS, [car_id] if car_id else []))))
    return {"car": car, "user": user, "email": email}

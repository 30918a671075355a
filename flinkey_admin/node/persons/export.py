"""What is stored here about a person, for the person."""

from typing import Any

from django.db.models import Model, Q
from django.forms.models import model_to_dict

from flinkey_admin.assignments.models import Feed
from flinkey_admin.fleet.models import Note
from flinkey_admin.mirror.models import Membership, User, Window
from flinkey_admin.node.persons import walking
from flinkey_admin.node.persons.finding import Person, of_numbers
from flinkey_admin.operations.models import Operation, Outside, Step


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row about the person or with a word of theirs in it, by table. No token, no session's key."""
    found: dict[str, list[dict[str, Any]]] = {}
    tables: list[type[Model]] = [*walking.tables(), Membership, Window]
    for model in tables:
        wanted = Q(pk__in=walking.standing(model, person)) if model in walking.tables() else Q(pk__in=[])
        rows = model._base_manager.filter(wanted | _about(model, person)).order_by("pk")
        if listed := [{"id": row.pk, **model_to_dict(row), **_not_edited(row)} for row in rows]:
            found[model._meta.db_table] = listed
    if person.manager:
        facts = {"email": person.manager.email, "last_login": person.manager.last_login}
        found["accounts_manager"] = [facts | {"customers": [one.name for one in person.manager.reach]}]
    return found


def _about(model: type[Model], person: Person) -> Q:
    """The rows that name the person by a number."""
    users = of_numbers(person, kind="", number="user_id")
    of: dict[type[Model], Q] = {
        User: of_numbers(person, kind="", number="flinkey_id"),
        Membership: of_numbers(person),
        Window: users,
        Step: users | of_numbers(person),
        Outside: users | of_numbers(person),
        Feed: of_numbers(person, number="flinkey_id"),
    }
    if model in (Operation, Note):
        return Q(person=person.manager) if person.manager else Q(pk__in=[])
    return of.get(model, Q(pk__in=[]))


def _not_edited(row: Model) -> dict[str, Any]:
    """The times that no form shows, which model_to_dict leaves out."""
    hidden = [field for field in row._meta.concrete_fields if not field.editable]
    return {field.attname: getattr(row, field.attname) for field in hidden}

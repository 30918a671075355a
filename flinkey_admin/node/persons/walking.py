"""Every text of the database, whichever table it stands in: so that no new table can be forgotten."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import CharField, Field, JSONField, Model, TextField

from flinkey_admin.accounts.models import Manager
from flinkey_admin.node.persons.finding import Person

ELSEWHERE = (Session, Manager, ContentType, Permission)  # the first two in a way of their own; no person in the others
ABOUT = ("customer_id", "kind", "thing_id", "user_id")
CHUNK = 2000


def tables() -> list[type[Model]]:
    """Every table that may hold a text about a person."""
    return [model for model in apps.get_models() if model not in ELSEWHERE and texts_of(model)]


def texts_of(model: type[Model]) -> list[str]:
    """The columns of a table that hold texts, but for those that only take words of ours."""
    return [field.attname for field in model._meta.concrete_fields if _is_text(field)]


def _is_text(field: "Field[Any, Any]") -> bool:
    return isinstance(field, CharField | TextField | JSONField) and not (field.primary_key or field.choices)


def rows(model: type[Model], pks: list[Any] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a table, or some of them: its texts, its key, and whom it is about."""
    known = {field.attname for field in model._meta.concrete_fields}
    wanted = {"pk", *texts_of(model), *(name for name in ABOUT if name in known)}
    found = model._base_manager.all() if pks is None else model._base_manager.select_for_update().filter(pk__in=pks)
    yield from found.values(*sorted(wanted)).iterator(CHUNK)


def standing(model: type[Model], person: Person) -> list[Any]:
    """The keys of the rows in which the person stands by a word."""
    return [row["pk"] for row in rows(model) if any(stands(row[name], row, person) for name in texts_of(model))]


def stands(value: object, row: dict[str, Any], person: Person) -> bool:
    """Whether a value names the person."""
    return value is not None and changed(value, _words(row, person), "") != value


def without(value: object, row: dict[str, Any], person: Person, mark: str) -> Any:
    """The value with the mark in the place of the person."""
    return changed(value, _words(row, person), mark)


def _words(row: dict[str, Any], person: Person) -> Any:
    """By which words: in what is about this very person each name alone, in what is about a namesake the address."""
    about = row.get("user_id") or (row.get("thing_id") if row.get("kind") == "users" else None)
    if (row.get("customer_id"), about) in person.numbers:
        return person.each_word
    return person.only_emails if (row.get("customer_id"), about) in person.namesakes else person.words


def changed(value: object, words: Any, mark: str) -> Any:
    """The same with each of the words replaced, in texts, lists and dictionaries however deep."""
    each: Callable[[object], Any] = lambda one: changed(one, words, mark)  # noqa: E731
    match value:
        case str():
            return words.sub(mark, value)
        case list():
            return [each(one) for one in value]
        case dict():
            return {each(name): each(one) for name, one in value.items()}
    return value

"""The rule of docs/upgrade.md: a migration leaves the version before it running, which reads and writes as it did.

The checker goes by what a migration does and what was there before it. It refuses what it does not know.
"""

import re
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import django.db.migrations.operations as acts
import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation as Act
from django.db.migrations.state import ModelState, ProjectState

from tests.node.test_upgrade import OLD, OURS

# What breaks the rule all the same, and why it may: (app, name): reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}

STILL_USED = "the version before still uses it"
LEFT_OUT = "the version before inserts rows without it"
UNKNOWN = "say by SECOND_HALF_OF or in EXCEPTIONS what was looked at"
REFUSED = "the version before may write what this refuses"
# What a kind of act means to the version before, whatever its particulars; none where it can live with it.
MEANS: dict[type[Act], str] = {
    **dict.fromkeys((migrations.RemoveField, migrations.DeleteModel, migrations.RenameField), STILL_USED),
    **dict.fromkeys((migrations.RenameModel, migrations.AlterModelTable), STILL_USED),
    migrations.AddConstraint: REFUSED,
    migrations.RemoveConstraint: "the version before may write by it",
    migrations.AlterOrderWithRespectTo: LEFT_OUT,
    migrations.RunPython: UNKNOWN,
    migrations.RunSQL: UNKNOWN,
    **dict.fromkeys((migrations.CreateModel, migrations.AddIndex, migrations.RemoveIndex), ""),
    **dict.fromkeys((migrations.RenameIndex, migrations.AlterIndexTogether), ""),
    **dict.fromkeys((migrations.AlterModelOptions, migrations.AlterModelManagers), ""),
    **dict.fromkeys((migrations.AlterConstraint, migrations.AlterModelTableComment), ""),
}


def faults(operations: Sequence[Act], module: Any, before: ProjectState, app: str) -> list[str]:
    """What of a migration would break the version before it, unless it says whose second half it is.

    before: the tables as that version knows them. What the migration itself has made, nobody uses yet.
    """
    if getattr(module, "SECOND_HALF_OF", ""):
        return []
    found, now = [], before.clone()
    for act in operations:
        if isinstance(act, migrations.SeparateDatabaseAndState):
            found += faults(act.database_operations, module, now, app)
        elif (app, _table(act)) in before.models or not _table(act):
            found += [f"{act.describe()}: {reason}" for reason in _reasons(act, now, app)]
        act.state_forwards(app, now)
    return found


def _table(act: Act) -> str:
    """The model that an act is about; none for what runs as it likes."""
    if isinstance(act, (migrations.RunPython, migrations.RunSQL)):
        return ""
    return str(getattr(act, "model_name", "") or getattr(act, "old_name", "") or getattr(act, "name", "")).lower()


def _reasons(act: Act, now: ProjectState, app: str) -> list[str]:
    match act:
        case migrations.AddField():
            return _added(act.field)
        case migrations.AlterField():
            old = now.apps.get_model(app, act.model_name)._meta.get_field(act.name)
            then = now.clone()
            act.state_forwards(app, then)
            return _altered(old, then.apps.get_model(app, act.model_name)._meta.get_field(act.name))
        case migrations.AlterUniqueTogether():
            known = now.models[app, _table(act)].options.get("unique_together") or set()
            return [REFUSED] if set(act.option_value or ()) - set(known) else []
    reason = MEANS.get(type(act), UNKNOWN)
    return [reason] if reason else []


def _added(field: Any) -> list[str]:
    if isinstance(field, models.ManyToManyField) or field.null:
        return []
    if field.db_default is models.NOT_PROVIDED:
        return [LEFT_OUT]
    return ["the version before leaves the same value in every row"] if field.unique else []


def _altered(old: Any, new: Any) -> list[str]:
    """Everything about a column that narrows what may be written, or what is filled in."""
    found = []
    if old.column != new.column or _kind(old) != _kind(new):
        found.append(STILL_USED)
    if old.null and not new.null:
        found.append("the version before writes null")
    if old.db_default is not models.NOT_PROVIDED and new.db_default is models.NOT_PROVIDED:
        found.append(LEFT_OUT)
    if (new.unique and not old.unique) or _narrower(old, new) or _bound(new) - _bound(old):
        found.append(REFUSED)
    return found


def _kind(field: Any) -> tuple[object, ...]:
    return field.get_internal_type(), field.is_relation and field.related_model._meta.label_lower


def _narrower(old: Any, new: Any) -> bool:
    limits = [(getattr(old, name, None), getattr(new, name, None)) for name in ("max_length", "max_digits")]
    return getattr(old, "decimal_places", None) != getattr(new, "decimal_places", None) or any(
        now is not None and (was is None or now < was) for was, now in limits
    )


def _bound(field: Any) -> set[str]:
    """Whether the database asks for the row that is pointed at."""
    return {"constraint"} if getattr(field, "db_constraint", False) else set()


# Today's migrations ---------------------------------------------------------------------------------------------------


def released() -> set[tuple[str, str]]:
    """The migrations that the earlier version had; the rule holds from there on."""
    text = OLD.read_text(encoding="utf-8")
    return set(re.findall(r"""INSERT INTO "?django_migrations"? VALUES\(\d+,'(\w+)','(\w+)'""", text))


def wrong_ones(loader: MigrationLoader, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    found = {}
    for key in keys:
        migration = loader.disk_migrations[key]
        module = __import__(type(migration).__module__, fromlist=["x"])
        if wrong := faults(migration.operations, module, loader.project_state(key, at_end=False), key[0]):
            found[key] = wrong
    return found


def test_every_migration_leaves_the_version_before_it_running() -> None:
    assert len(released()) > 20
    loader = MigrationLoader(None)
    later = [key for key in loader.disk_migrations if key[0] in OURS and key not in released()]
    assert later
    assert wrong_ones(loader, later).keys() == EXCEPTIONS.keys()
    assert "" not in EXCEPTIONS.values()


def test_what_was_done_before_the_rule_would_be_found() -> None:
    """One that runs as it likes, and two with columns that the version before them could not leave out."""
    loader = MigrationLoader(None)
    earlier = [key for key in loader.disk_migrations if key[0] in OURS and key in released()]
    assert wrong_ones(loader, earlier).keys() == {
        ("mirror", "0002_sort_by_code"),
        ("operations", "0003_run_in_the_worker"),
        ("operations", "0005_whose_webhooks"),
    }


# The checker ----------------------------------------------------------------------------------------------------------

NOTE = ModelState(
    "fleet",
    "Note",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("text", models.CharField(max_length=100)),
        ("code", models.CharField(max_length=10, null=True)),
        ("size", models.IntegerField(db_default=0)),
        ("price", models.DecimalField(max_digits=6, decimal_places=2)),
        ("next", models.ForeignKey("fleet.Note", models.SET_NULL, null=True, db_constraint=False)),
    ],
    {"unique_together": {("text", "code")}},
)
MORE = ModelState("fleet", "Other", [("id", models.BigAutoField(primary_key=True))])
ONE = models.UniqueConstraint(fields=["text"], name="one")


def alter(name: str, field: "models.Field[Any, Any]") -> Act:
    return migrations.AlterField("note", name, field)


def add(field: "models.Field[Any, Any]") -> Act:
    return migrations.AddField("note", "a", field)


def nothing(*_arguments: Any) -> None:
    """What a migration runs here."""


NEW = migrations.CreateModel("Pin", [("id", models.BigAutoField(primary_key=True)), ("text", models.TextField())])
PIN_ONE = migrations.AddConstraint("pin", models.UniqueConstraint(fields=["text"], name="one_pin"))
SQL = migrations.RunSQL("DROP TABLE fleet_note", migrations.RunSQL.noop)

BROKEN: dict[str, list[Act]] = {
    "a column goes": [migrations.RemoveField("note", "text")],
    "a table goes": [migrations.DeleteModel("Note")],
    "another name": [migrations.RenameField("note", "text", "words")],
    "another name of the table's": [migrations.RenameModel("Note", "Line")],
    "another table": [migrations.AlterModelTable("note", "notes")],
    "a value that must be there": [add(models.IntegerField())],
    "a value that Django alone fills in": [add(models.IntegerField(default=1))],
    "the same value that there may be once": [add(models.IntegerField(db_default=1, unique=True))],
    "a value that must be there from now on": [alter("code", models.CharField(max_length=10))],
    "the same, though the database could fill it in": [alter("code", models.CharField(max_length=10, db_default=""))],
    "shorter": [alter("text", models.CharField(max_length=99))],
    "fewer figures": [alter("price", models.DecimalField(max_digits=5, decimal_places=2))],
    "other figures": [alter("price", models.DecimalField(max_digits=6, decimal_places=3))],
    "once only": [alter("text", models.CharField(max_length=100, unique=True))],
    "another type": [alter("text", models.IntegerField())],
    "another column": [alter("text", models.CharField(max_length=100, db_column="words"))],
    "nothing that the database fills in": [alter("size", models.IntegerField(default=0))],
    "what is pointed at must be there": [alter("next", models.ForeignKey("fleet.Note", models.SET_NULL, null=True))],
    "it points elsewhere": [
        alter("next", models.ForeignKey("fleet.Other", models.SET_NULL, null=True, db_constraint=False))
    ],
    "a constraint": [migrations.AddConstraint("note", ONE)],
    "a constraint goes by which rows are written": [migrations.RemoveConstraint("note", "one")],
    "two that are one together": [migrations.AlterUniqueTogether("note", {("text", "code"), ("text", "size")})],
    "an order that must be there": [migrations.AlterOrderWithRespectTo("note", "next")],
    "whatever runs": [migrations.RunPython(nothing, nothing)],
    "whatever SQL runs": [SQL],
    "the same, said to do something else": [migrations.SeparateDatabaseAndState([SQL], [])],
    "something behind something harmless": [NEW, migrations.RemoveField("note", "text")],
}
WELL: dict[str, list[Act]] = {
    "a value that the database fills in": [add(models.IntegerField(db_default=1))],
    "a value that may be missing": [add(models.IntegerField(null=True))],
    "one that may be missing, else once only": [add(models.IntegerField(null=True, unique=True))],
    "several": [add(models.ManyToManyField("fleet.Other"))],
    "a table comes": [NEW],
    "a table with a constraint comes": [NEW, PIN_ONE],
    "a table comes, and is thought over": [NEW, migrations.AlterField("pin", "text", models.CharField(max_length=9))],
    "longer": [alter("text", models.CharField(max_length=101))],
    "it may be missing from now on": [alter("text", models.CharField(max_length=100, null=True))],
    "other words and choices": [alter("text", models.CharField("Words", max_length=100, choices=[("a", "b")]))],
    "another default of Django's": [alter("text", models.CharField(max_length=100, default="x"))],
    "fewer that are one together": [migrations.AlterUniqueTogether("note", set())],
    "an index": [migrations.AddIndex("note", models.Index(fields=["text"], name="by_text"))],
    "said, not done": [migrations.SeparateDatabaseAndState([], [migrations.RemoveField("note", "text")])],
    "options": [migrations.AlterModelOptions("note", {"ordering": ["text"]})],
}


def judged(operations: Sequence[Act], module: Any = None) -> list[str]:
    state = ProjectState({("fleet", one.name_lower): one.clone() for one in (NOTE, MORE)})
    return faults(operations, module or ModuleType("x"), state, "fleet")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", BROKEN)
def test_the_rule_refuses(name: str) -> None:
    assert len(judged(BROKEN[name])) == 1
    assert judged(BROKEN[name], SimpleNamespace(SECOND_HALF_OF="fleet 0003_words")) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", WELL)
def test_the_rule_lets_pass(name: str) -> None:
    assert judged(WELL[name]) == []


def test_every_act_of_django_is_judged() -> None:
    """By what it means, or by one of the cases above."""
    tried = {type(act) for cases in (BROKEN, WELL) for operations in cases.values() for act in operations}
    assert {getattr(acts, name) for name in acts.__all__} <= tried | MEANS.keys()

"""PostgreSQL sorts by the rules of a language, which pass over blanks; our keys are made to be compared sign by sign."""

from typing import Any

from django.db import migrations

TABLES = ("group", "car", "user", "service", "product")


def by_code(_apps: Any, schema_editor: Any) -> None:
    """SQLite does so by itself."""
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            for column in ("sort_name", "sort_second"):
                schema_editor.execute(f'ALTER TABLE mirror_{table} ALTER COLUMN {column} TYPE text COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("mirror", "0001_copy")]
    operations = [migrations.RunPython(by_code, migrations.RunPython.noop)]

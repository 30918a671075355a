"""The index by name also holds what a search looks in, where the database takes it (`NameIndex`)."""

from django.db import migrations, models

import flinkey_admin.mirror.models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_reach_checked_at"),
        ("mirror", "0002_sort_by_code"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="car",
            name="car_by_name",
        ),
        migrations.RemoveIndex(
            model_name="group",
            name="group_by_name",
        ),
        migrations.RemoveIndex(
            model_name="product",
            name="product_by_name",
        ),
        migrations.RemoveIndex(
            model_name="service",
            name="service_by_name",
        ),
        migrations.RemoveIndex(
            model_name="user",
            name="user_by_name",
        ),
        migrations.AddIndex(
            model_name="car",
            index=flinkey_admin.mirror.models.NameIndex(
                condition=models.Q(("ended_at", None)),
                fields=["customer", "sort_name", "flinkey_id"],
                name="car_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="group",
            index=flinkey_admin.mirror.models.NameIndex(
                condition=models.Q(("ended_at", None)),
                fields=["customer", "sort_name", "flinkey_id"],
                name="group_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=flinkey_admin.mirror.models.NameIndex(
                condition=models.Q(("ended_at", None)),
                fields=["customer", "sort_name", "flinkey_id"],
                name="product_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="service",
            index=flinkey_admin.mirror.models.NameIndex(
                condition=models.Q(("ended_at", None)),
                fields=["customer", "sort_name", "flinkey_id"],
                name="service_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=flinkey_admin.mirror.models.NameIndex(
                condition=models.Q(("ended_at", None)),
                fields=["customer", "sort_name", "flinkey_id"],
                name="user_by_name",
            ),
        ),
    ]

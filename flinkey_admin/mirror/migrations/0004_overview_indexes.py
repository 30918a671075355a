"""Indexes that hold all that the overview asks of windows, of cars and of those that are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_reach_checked_at"),
        ("mirror", "0003_search_in_name_index"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="window",
            name="mirror_wind_custome_bda8bf_idx",
        ),
        migrations.AddIndex(
            model_name="car",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["customer", "groups", "ended_at"], name="car_by_groups"
            ),
        ),
        migrations.AddIndex(
            model_name="car",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)), fields=["customer", "ended_at"], name="car_gone"
            ),
        ),
        migrations.AddIndex(
            model_name="window",
            index=models.Index(fields=["customer", "car_id", "start", "end", "ended_at"], name="window_by_car"),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Calls",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=40)),
                ("result", models.CharField(max_length=60)),
                ("count", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("waits", models.JSONField(default=list)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("operation", "result"), name="one_count")],
            },
        ),
    ]

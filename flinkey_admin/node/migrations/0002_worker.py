from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("node", "0001_calls")]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=250, unique=True)),
                ("machine", models.CharField(max_length=200)),
                ("queues", models.CharField(max_length=100)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
    ]

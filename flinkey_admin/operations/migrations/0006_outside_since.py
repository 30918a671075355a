"""Between which two readings a change was made elsewhere."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operations", "0005_whose_webhooks")]

    operations = [migrations.AddField("outside", "since", models.DateTimeField(null=True))]

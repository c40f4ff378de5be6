"""The table of greetings, and the one that the page shows."""
from django.db import migrations, models


def greet(apps, schema_editor):
    apps.get_model("example", "Greeting").objects.create(text="Grüße from Postgres")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Greeting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
            ],
        ),
        migrations.RunPython(greet, migrations.RunPython.noop),
    ]

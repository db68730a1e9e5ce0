"""A day's ordinary change: two columns, a table with a foreign key, an index."""

import pkgutil

from django.db import migrations, models

from tenants.stores import migrations as ours

_LAST = max(module.name for module in pkgutil.iter_modules(ours.__path__))


class Migration(migrations.Migration):
    """Four operations."""

    dependencies = [("stores", _LAST)]
    operations = [
        migrations.AddField("store", "bench_note", models.CharField(max_length=20, null=True)),
        migrations.AddField("region", "bench_rank", models.IntegerField(db_default=0)),
        migrations.CreateModel(
            "BenchVisit",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("store", models.ForeignKey("stores.store", models.CASCADE)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex("BenchVisit", models.Index(fields=["store", "at"], name="bench_visit_of_store")),
    ]

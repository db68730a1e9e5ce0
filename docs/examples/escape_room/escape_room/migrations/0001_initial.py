from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Game",
            fields=[
                ("service_id", models.UUIDField(primary_key=True, serialize=False)),
                ("least", models.PositiveSmallIntegerField(default=2)),
                ("most", models.PositiveSmallIntegerField(default=6)),
                ("reset_minutes", models.PositiveSmallIntegerField(default=20)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("least__gte", 1), ("least__lte", models.F("most"))),
                        name="game_team_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reset_minutes__lte", 180)), name="game_reset_within_three_hours"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("booking_id", models.UUIDField(primary_key=True, serialize=False)),
                ("store_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("escaped", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["store_id", "at"], name="result_by_store_time")],
            },
        ),
    ]

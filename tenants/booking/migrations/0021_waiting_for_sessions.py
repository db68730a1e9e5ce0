import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A wish names the session whose seat it waits for, not its pool."""

    dependencies = [
        ("booking", "0020_policies_and_waiting_list"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="wish", name="wish_once_a_session"),
        migrations.RemoveField(model_name="wish", name="pool"),
        migrations.AddField(
            model_name="wish",
            name="session",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="booking.session",
            ),
        ),
        migrations.AddConstraint(
            model_name="wish",
            constraint=models.UniqueConstraint(
                models.F("member"),
                models.F("session"),
                condition=models.Q(
                    ("session__isnull", False), ("status__in", ["waiting", "offered"])
                ),
                name="wish_once_a_session",
            ),
        ),
    ]

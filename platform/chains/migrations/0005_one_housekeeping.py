"""Kinds of due work that one daily round of housekeeping has replaced: nobody handles them any more."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('chains', '0004_platform_answers'),
    ]

    operations = [
        migrations.RunSQL(
            "DELETE FROM chains_duework WHERE kind IN ('idempotency.forget', 'members.forget_codes')",
            migrations.RunSQL.noop,
        ),
    ]

"""The two doors that every booking goes through take the chain from the role's name by its place.

A regular expression took half of their time. What they find is the same: roles of chains alone are called
`r_<six of the tag>_t_…`, and the schema is what stands behind the tag.
"""

from importlib import import_module

from django.db import migrations

DOORS = import_module("chains.migrations.0002_doors")
ROLE = "current_setting('role')"
SCHEMA_BY_PLACE = rf"CASE WHEN {ROLE} LIKE 'r\_______\_t\_%' THEN substr({ROLE}, 10) END"


def by_place(apps, schema_editor):
    for door in (DOORS.OWN_CHAIN, DOORS.MARK_DUE):
        schema_editor.execute(_replacing(door.replace(DOORS.SCHEMA_OF_ROLE, SCHEMA_BY_PLACE)), params=None)


def by_pattern(apps, schema_editor):
    for door in (DOORS.OWN_CHAIN, DOORS.MARK_DUE):
        schema_editor.execute(_replacing(door), params=None)


def _replacing(door):
    return door.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


class Migration(migrations.Migration):
    dependencies = [("chains", "0007_take_own_due")]
    operations = [migrations.RunPython(by_place, by_pattern)]

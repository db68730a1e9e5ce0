"""The door by which a chain takes its own due work away in the transaction that does it."""

from importlib import import_module

from django.db import migrations

SCHEMA_OF_ROLE = import_module("chains.migrations.0002_doors").SCHEMA_OF_ROLE
SIGNATURE = "take_own_due(bigint[])"

# In order, so that two who were sent the same rows wait for each other and never both.
TAKE_DUE = f"""
CREATE FUNCTION public.take_own_due(work_ids bigint[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH taken AS (
        DELETE FROM public.chains_duework WHERE id IN (
            SELECT id FROM public.chains_duework
            WHERE schema = {SCHEMA_OF_ROLE} AND id = ANY(work_ids) ORDER BY id FOR UPDATE
        ) RETURNING 1
    )
    SELECT count(*) FROM taken
$$
"""


def make(apps, schema_editor):
    schema_editor.execute(TAKE_DUE)
    schema_editor.execute(f"REVOKE ALL ON FUNCTION public.{SIGNATURE} FROM PUBLIC")


def drop(apps, schema_editor):
    schema_editor.execute(f"DROP FUNCTION IF EXISTS public.{SIGNATURE}")


class Migration(migrations.Migration):
    dependencies = [("chains", "0006_held")]
    operations = [migrations.RunPython(make, drop)]

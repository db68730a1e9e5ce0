"""A trigger by which the one row of a table in a chain's schema gets a new token whenever another table changes.

The chain's role may read that row, never write it. A token of chance and not a number: one that was rolled back, or a
schema that was put back from a copy, must not make an old number mean something new.
"""

from django.db import migrations

RENEW_TOKEN = """
CREATE FUNCTION public.renew_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.%I (one, token) VALUES (true, gen_random_uuid())'
        ' ON CONFLICT (one) DO UPDATE SET token = excluded.token', TG_TABLE_SCHEMA, TG_ARGV[0]);
    RETURN NULL;
END $$
"""


def only_in_public(apps, schema_editor):
    schema_editor.execute(RENEW_TOKEN, params=None)
    schema_editor.execute("REVOKE ALL ON FUNCTION public.renew_token() FROM PUBLIC")


def drop(apps, schema_editor):
    # refused while a chain's triggers need it: without them its token would stand for whatever is changed
    schema_editor.execute("DROP FUNCTION IF EXISTS public.renew_token()")


class Migration(migrations.Migration):
    dependencies = [("chains", "0008_chain_by_place")]
    operations = [migrations.RunPython(only_in_public, drop)]

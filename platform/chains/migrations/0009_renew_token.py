"""A trigger by which a table in a chain's schema holds other tokens whenever another table changes.

Each change leaves one token of its own and takes away those that nobody else is taking away: nobody waits for anybody,
and the tokens that one sees together tell which changes one sees. The chain's role may read them, never write them.
Tokens of chance and not numbers: one that was rolled back, or a schema that was put back from a copy, must not make an
old number mean something new.
"""

from django.db import migrations

RENEW_TOKEN = """
CREATE FUNCTION public.renew_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('WITH old AS (SELECT token FROM %1$I.%2$I FOR UPDATE SKIP LOCKED),'
        ' gone AS (DELETE FROM %1$I.%2$I one USING old WHERE one.token = old.token)'
        ' INSERT INTO %1$I.%2$I (token) VALUES (gen_random_uuid())', TG_TABLE_SCHEMA, TG_ARGV[0]);
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

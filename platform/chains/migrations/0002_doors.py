"""The doors between a chain's role and the public schema: functions, never a SELECT.

Each runs as the owner of the public schema with a fixed search path, and takes the chain from the
active role (`r_<tag>_<schema>`), so a chain can only ever ask about itself.
"""

from django.db import migrations

SCHEMA_OF_ROLE = r"substring(current_setting('role') from '^r_[0-9a-f]{6}_(t_[a-z2-7]{10})$')"

MARK_DUE = f"""
CREATE FUNCTION public.mark_due(work_kind text, work_due_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.chains_duework (schema, kind, due_at)
    VALUES ({SCHEMA_OF_ROLE}, work_kind, work_due_at)
$$
"""
OWN_CHAIN = f"""
CREATE FUNCTION public.own_chain()
RETURNS TABLE (id uuid, slug text, name text, state text, state_reason text, verticals text[], locale text,
    time_zone text, currency text, country text, plan text, trial_ends_at timestamptz, entitlements jsonb,
    opened_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id, slug, name, state, state_reason, verticals, locale, time_zone, currency, country, plan,
        trial_ends_at, entitlements, opened_at
    FROM public.chains_chain WHERE schema_name = {SCHEMA_OF_ROLE}
$$
"""
OPEN_CHAIN = f"""
CREATE FUNCTION public.open_own_chain(opened timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.chains_chain SET opened_at = opened
    WHERE schema_name = {SCHEMA_OF_ROLE} AND opened_at IS NULL
$$
"""
SET_LOOK = f"""
CREATE FUNCTION public.set_own_look(new_name text, new_tagline text, new_accent text, new_tokens jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.chains_chain
    SET name = new_name, tagline = new_tagline, accent = new_accent, accent_tokens = new_tokens
    WHERE schema_name = {SCHEMA_OF_ROLE}
$$
"""
PUSH_FIGURES = f"""
CREATE FUNCTION public.push_own_figures(new_figures jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.chains_chain SET figures = new_figures WHERE schema_name = {SCHEMA_OF_ROLE}
$$
"""
OWN_OPERATOR_ACTS = f"""
CREATE FUNCTION public.own_operator_acts(at_most integer)
RETURNS TABLE (operator_email text, act text, reason text, at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT operator_email, act, reason, at FROM public.chains_operatoract
    WHERE schema = {SCHEMA_OF_ROLE} ORDER BY at DESC LIMIT at_most
$$
"""
DOORS = {
    "mark_due(text, timestamptz)": MARK_DUE,
    "own_chain()": OWN_CHAIN,
    "open_own_chain(timestamptz)": OPEN_CHAIN,
    "set_own_look(text, text, text, jsonb)": SET_LOOK,
    "push_own_figures(jsonb)": PUSH_FIGURES,
    "own_operator_acts(integer)": OWN_OPERATOR_ACTS,
}


def only_in_public(apps, schema_editor):
    for signature, definition in DOORS.items():
        schema_editor.execute(definition)
        schema_editor.execute(f"REVOKE ALL ON FUNCTION public.{signature} FROM PUBLIC")


def drop(apps, schema_editor):
    for signature in DOORS:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS public.{signature}")


class Migration(migrations.Migration):
    dependencies = [("chains", "0001_initial")]
    operations = [migrations.RunPython(only_in_public, drop)]

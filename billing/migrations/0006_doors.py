"""What a chain may ask and tell of its own billing; see chains/migrations/0002_doors.py for what a door is."""

from django.db import migrations

SCHEMA_OF_ROLE = r"substring(current_setting('role') from '^r_[0-9a-f]{6}_(t_[a-z2-7]{10})$')"

ADD_VERTICAL = f"""
CREATE FUNCTION public.add_own_vertical(code text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.chains_chain SET verticals = array_append(verticals, code::varchar)
    WHERE schema_name = {SCHEMA_OF_ROLE} AND NOT code = ANY(verticals)
$$
"""
# Absolute numbers, never fewer: what is told late or twice changes nothing.
PUSH_USAGE = f"""
CREATE FUNCTION public.push_own_usage(counts jsonb, told_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.billing_usagemonth AS u (chain_id, metric, month, count, pushed_at)
    SELECT c.id, one.metric, one.month, one.count, told_at
    FROM public.chains_chain c, jsonb_to_recordset(counts) AS one(metric text, month date, count bigint)
    WHERE c.schema_name = {SCHEMA_OF_ROLE}
    ON CONFLICT (chain_id, month, metric) DO UPDATE
    SET count = greatest(u.count, EXCLUDED.count), pushed_at = EXCLUDED.pushed_at
$$
"""
OWN_BILLING = f"""
CREATE FUNCTION public.own_billing() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'chain', jsonb_build_object('id', c.id, 'slug', c.slug, 'name', c.name, 'state', c.state,
            'held', c.held, 'plan', c.plan, 'trial_ends_at', c.trial_ends_at, 'entitlements', c.entitlements,
            'currency', c.currency, 'time_zone', c.time_zone),
        'subscription', (SELECT to_jsonb(s) FROM public.billing_subscription s WHERE s.chain_id = c.id),
        'standing', (SELECT to_jsonb(n) FROM public.billing_chainstanding n WHERE n.chain_id = c.id),
        'customer', (SELECT jsonb_build_object('credit', m.credit, 'stripe_id', m.stripe_id)
            FROM public.billing_customer m WHERE m.chain_id = c.id AND m.deleted_at IS NULL),
        'plans', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.position) FROM public.billing_plan p WHERE p.on_sale)
    ) FROM public.chains_chain c WHERE c.schema_name = {SCHEMA_OF_ROLE}
$$
"""
OWN_INVOICES = f"""
CREATE FUNCTION public.own_invoices(at_most integer) RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_jsonb(i) FROM public.billing_invoice i
    JOIN public.chains_chain c ON c.id = i.chain_id
    WHERE c.schema_name = {SCHEMA_OF_ROLE} AND i.state <> 'draft'
    ORDER BY i.issued_at DESC, i.id DESC LIMIT at_most
$$
"""
TELL_OWNER = f"""
CREATE FUNCTION public.tell_own_owner(notice_kind text, notice_key text, notice_params jsonb, told_at timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH told AS (
        INSERT INTO public.billing_notice (id, chain_id, kind, key, params, created_at, due_at, attempts, error)
        SELECT gen_random_uuid(), c.id, notice_kind, left(c.id || ':' || notice_kind || ':' || notice_key, 160),
            notice_params, told_at, told_at, 0, ''
        FROM public.chains_chain c WHERE c.schema_name = {SCHEMA_OF_ROLE}
        ON CONFLICT (key) DO NOTHING RETURNING 1
    )
    INSERT INTO public.chains_duework (schema, kind, due_at) SELECT 'public', 'billing.notices', told_at FROM told
$$
"""
DOORS = {
    "add_own_vertical(text)": ADD_VERTICAL,
    "push_own_usage(jsonb, timestamptz)": PUSH_USAGE,
    "own_billing()": OWN_BILLING,
    "own_invoices(integer)": OWN_INVOICES,
    "tell_own_owner(text, text, jsonb, timestamptz)": TELL_OWNER,
}


def make(apps, schema_editor):
    for signature, definition in DOORS.items():
        schema_editor.execute(definition)
        schema_editor.execute(f"REVOKE ALL ON FUNCTION public.{signature} FROM PUBLIC")


def drop(apps, schema_editor):
    for signature in DOORS:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS public.{signature}")


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_plan_terms"), ("chains", "0006_held")]
    operations = [migrations.RunPython(make, drop)]

"""Where the last round of catching up began; what a chain's owner waits for, in the door to its billing."""

from django.db import migrations, models

SCHEMA_OF_ROLE = r"substring(current_setting('role') from '^r_[0-9a-f]{6}_(t_[a-z2-7]{10})$')"
WITHDRAWABLE = "('change', 'cancel', 'resume')"


def own_billing(waiting, tax_ids):
    return f"""
CREATE OR REPLACE FUNCTION public.own_billing() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'chain', jsonb_build_object('id', c.id, 'slug', c.slug, 'name', c.name, 'state', c.state,
            'held', c.held, 'plan', c.plan, 'trial_ends_at', c.trial_ends_at, 'entitlements', c.entitlements,
            'currency', c.currency, 'time_zone', c.time_zone),
        'subscription', (SELECT to_jsonb(s) FROM public.billing_subscription s WHERE s.chain_id = c.id),
        'standing', (SELECT to_jsonb(n) FROM public.billing_chainstanding n WHERE n.chain_id = c.id),
        'customer', (SELECT jsonb_build_object('credit', m.credit, 'stripe_id', m.stripe_id{tax_ids})
            FROM public.billing_customer m WHERE m.chain_id = c.id AND m.deleted_at IS NULL),{waiting}
        'plans', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.position) FROM public.billing_plan p WHERE p.on_sale)
    ) FROM public.chains_chain c WHERE c.schema_name = {SCHEMA_OF_ROLE}
$$
"""


WAITING = f"""
        'waiting', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'since', i.created_at,
                'plan', i.wish -> 'basket' ->> 'plan') ORDER BY i.created_at), '[]'::jsonb)
            FROM public.billing_intent i
            WHERE i.chain_id = c.id AND i.state = 'open' AND i.persists AND i.kind IN {WITHDRAWABLE}),"""


def make(apps, schema_editor):
    schema_editor.execute(own_billing(WAITING, ", 'tax_ids', m.tax_ids"))


def unmake(apps, schema_editor):
    schema_editor.execute(own_billing("", ""))


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_doors")]
    operations = [
        migrations.CreateModel(
            name="Round",
            fields=[
                ("kind", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name="stripeevent",
            options={"ordering": ["-created_at", "-id"], "verbose_name_plural": "payment events"},
        ),
        migrations.RunPython(make, unmake),
    ]

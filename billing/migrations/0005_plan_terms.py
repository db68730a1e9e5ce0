"""Every limit of each plan, and what another store costs. A year of it costs ten months too."""

from django.db import migrations

LIMITS = {
    "starter": {
        "stores": 1,
        "employees": 10,
        "verticals": 1,
        "bookings_a_month": 1_000,
        "messages_a_month": 500,
        "api_calls_a_minute": 60,
        "retention_months": 12,
    },
    "growth": {
        "stores": 10,
        "employees": 150,
        "verticals": None,
        "bookings_a_month": 20_000,
        "messages_a_month": 10_000,
        "api_calls_a_minute": 600,
        "retention_months": 36,
    },
    "brand": {
        "stores": None,
        "employees": None,
        "verticals": None,
        "bookings_a_month": None,
        "messages_a_month": None,
        "api_calls_a_minute": 3_000,
        "retention_months": None,
    },
}
MOST_STORES = {"starter": 3, "growth": 50}
STORE_MONTHLY = {
    "starter": {"CNY": 9900, "USD": 1500, "EUR": 1500, "GBP": 1300, "HKD": 11900, "SGD": 1900, "JPY": 2200},
    "growth": {"CNY": 5900, "USD": 900, "EUR": 900, "GBP": 800, "HKD": 6900, "SGD": 1200, "JPY": 1300},
}


def complete_terms(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    for plan in Plan.objects.filter(code__in=LIMITS):
        plan.limits = LIMITS[plan.code]
        plan.most_stores = MOST_STORES.get(plan.code)
        for currency, amount in STORE_MONTHLY.get(plan.code, {}).items():
            if currency in plan.prices:
                plan.prices[currency].update(store_month=amount, store_year=amount * 10)
        plan.save()


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_standing_and_usage")]
    operations = [migrations.RunPython(complete_terms, migrations.RunPython.noop)]

"""The plans that are on sale from the first day. Later changes are data too: another migration, or the console.

Prices are minor units of each currency (JPY and KRW have none); a year costs ten months.
"""

from django.db import migrations

MONTHLY = {
    "starter": {"CNY": 19900, "USD": 2900, "EUR": 2900, "GBP": 2500, "HKD": 23000, "SGD": 3900, "JPY": 4400},
    "growth": {"CNY": 59900, "USD": 8900, "EUR": 8500, "GBP": 7500, "HKD": 69000, "SGD": 11900, "JPY": 13000},
    "brand": {"CNY": 199900, "USD": 29900, "EUR": 27900, "GBP": 24900, "HKD": 229000, "SGD": 39900, "JPY": 44000},
}
PLANS = [
    {
        "code": "starter",
        "names": {"zh-Hans": "起步", "en": "Starter"},
        "pitch": {"zh-Hans": "一家店，预约和核销先跑起来", "en": "One store, bookings and check-in up and running"},
        "limits": {"stores": 1, "employees": 10, "bookings_a_month": 1_000},
    },
    {
        "code": "growth",
        "names": {"zh-Hans": "成长", "en": "Growth"},
        "pitch": {"zh-Hans": "几家店一起管，会员和次卡通用", "en": "A handful of stores that share members and passes"},
        "limits": {"stores": 10, "employees": 150, "bookings_a_month": 20_000},
    },
    {
        "code": "brand",
        "names": {"zh-Hans": "品牌", "en": "Brand"},
        "pitch": {"zh-Hans": "直营加加盟，总部定规则，门店各自跑", "en": "Own and franchise stores under one set of rules"},
        "limits": {"stores": None, "employees": None, "bookings_a_month": None},
    },
]


def put_on_sale(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    for position, plan in enumerate(PLANS):
        prices = {
            currency: {"month": amount, "year": amount * 10} for currency, amount in MONTHLY[plan["code"]].items()
        }
        Plan.objects.update_or_create(
            code=plan["code"],
            defaults={**plan, "prices": prices, "trial_days": 14, "position": position, "on_sale": True},
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(put_on_sale, migrations.RunPython.noop)]

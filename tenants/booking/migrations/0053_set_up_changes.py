"""Every change of how a chain is set up gives its set-up a new token: see decision 45.

A table that what is remembered is read from belongs here; tests/booking/test_set_up.py looks. The first token comes with
the triggers and goes with them: without one nothing is remembered.
"""

from django.db import migrations

SET_UP = (
    *("stores_store", "stores_openinghours", "stores_closure", "stores_travel", "stores_resource"),
    *("stores_resourcecombination", "stores_resourcecombination_members"),
    *("people_employee", "people_employee_skills", "people_rolegrant"),
    *("people_weeklyshift", "people_dayshift", "people_leave"),
    *("catalogue_service", "catalogue_service_skills", "catalogue_offer", "catalogue_need", "catalogue_need_skills"),
    "booking_policy",
)
FIRST = "INSERT INTO stores_setup (token) VALUES (gen_random_uuid())"


def renewing(table):
    return migrations.RunSQL(
        f"CREATE TRIGGER renew_set_up AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION public.renew_token('stores_setup')",
        f"DROP TRIGGER renew_set_up ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0052_refunds_waiting"),
        ("catalogue", "0010_products"),
        ("people", "0010_requests"),
        ("stores", "0004_set_up"),
    ]
    operations = [*(renewing(table) for table in SET_UP), migrations.RunSQL(FIRST, "DELETE FROM stores_setup")]

"""Fill the calendar as bench.availability says, then search one practitioner's days in process; prints JSON."""

import json
import logging
import sys
import time
from datetime import date, timedelta

import django

logging.disable(logging.CRITICAL)
django.setup()

from appointment.models import Appointment, AppointmentRequest, Service, StaffMember, WorkingHours
from appointment.services import get_available_slots_for_staff
from appointment.utils.db_helpers import get_weekday_num_from_date
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, reset_queries

size = json.loads(sys.argv[1])
first = date.fromisoformat(size["first"])
days = [first + timedelta(days=n) for n in range(size["days"])]
User = get_user_model()

call_command("migrate", run_syncdb=True, verbosity=0)
service = Service.objects.create(name="Half an hour", duration=timedelta(minutes=30), price=1)
guest = User.objects.create(username="guest", email="guest@beside.example")
staff = []
for number in range(size["people"]):
    person = StaffMember.objects.create(
        user=User.objects.create(username=f"p{number}", first_name=f"P{number}"),
        slot_duration=30,
        work_on_saturday=True,
        work_on_sunday=True,
    )
    person.services_offered.add(service)
    WorkingHours.objects.bulk_create(
        WorkingHours(staff_member=person, day_of_week=day, start_time="09:00", end_time="18:00")
        for day in range(7)
    )
    staff.append(person)
asked = AppointmentRequest.objects.bulk_create(
    AppointmentRequest(
        date=day,
        start_time=f"{hour:02d}:00",
        end_time=f"{hour:02d}:30",
        service=service,
        staff_member=person,
        id_request=f"{person.pk}-{day}-{hour}",
    )
    for person in staff
    for day in days
    for hour in size["hours"]
)
Appointment.objects.bulk_create(
    Appointment(client=guest, appointment_request=one, id_request=one.id_request) for one in asked
)
connection.cursor().execute("ANALYZE")


def search() -> int:
    """The free slots of the practitioner over all days, a call a day, as its calendar asks."""
    return sum(
        len(get_available_slots_for_staff(day, staff[0], get_weekday_num_from_date(day), service))
        for day in days
    )


found = search()
connection.force_debug_cursor = True
reset_queries()
search()
queries = len(connection.queries)
connection.force_debug_cursor = False
begun, calls = time.process_time(), 0
while calls < 3:
    search()
    calls += 1
spent = (time.process_time() - begun) * 1000 / calls
print(
    json.dumps({"ms": spent, "queries": queries, "slots": found, "staff": staff[0].pk, "service": service.pk})
)

"""An organizer with an event on sale and paid tickets that nobody has checked in; prints what it made as JSON.

Runs in pretix's own environment (bench.beside); its one argument is the number of tickets.
"""

import json
import sys
from datetime import timedelta
from decimal import Decimal

import django

django.setup()

from django.db import connection
from django.utils.timezone import now
from django_scopes import scope
from pretix.base.models import (
    CheckinList,
    Event,
    Item,
    Order,
    OrderPosition,
    Organizer,
    Quota,
    Team,
    TeamAPIToken,
)

TICKETS, PRICE = int(sys.argv[1]), Decimal("1.00")
today = now()

organizer = Organizer.objects.create(name="Beside", slug="beside")
with scope(organizer=organizer):
    team = Team.objects.create(
        organizer=organizer,
        name="All",
        all_events=True,
        all_event_permissions=True,
        all_organizer_permissions=True,
    )
    token = TeamAPIToken.objects.create(team=team, name="bench").token
    event = Event.objects.create(
        organizer=organizer,
        name="Half an hour",
        slug="half",
        currency="CNY",
        date_from=today + timedelta(days=30),
        plugins="",
        live=True,
    )
    item = Item.objects.create(event=event, name="Ticket", default_price=PRICE)
    quota = Quota.objects.create(event=event, name="Unlimited", size=None)
    quota.items.add(item)
    checkin_list = CheckinList.objects.create(event=event, name="Door", all_products=True)
    web = organizer.sales_channels.get(identifier="web")
    orders = Order.objects.bulk_create(
        Order(
            organizer=organizer,
            event=event,
            code=f"T{number:05d}",
            status=Order.STATUS_PAID,
            email=f"t{number}@beside.example",
            locale="en",
            datetime=today,
            expires=today + timedelta(days=14),
            total=PRICE,
            sales_channel=web,
        )
        for number in range(TICKETS)
    )
    positions = OrderPosition.objects.bulk_create(
        OrderPosition(
            organizer=organizer,
            order=order,
            item=item,
            price=PRICE,
            tax_rate=Decimal(0),
            tax_value=Decimal(0),
            secret=f"beside-secret-{order.code}",
            pseudonymization_id=order.code,
        )
        for order in orders
    )
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
print(
    json.dumps(
        {
            "organizer": organizer.slug,
            "event": event.slug,
            "item": item.pk,
            "checkin_list": checkin_list.pk,
            "token": token,
            "secrets": [position.secret for position in positions],
        }
    )
)

"""A booking as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from tenants.booking.models import Booking, Status

REMIND_BEFORE = timedelta(hours=2)


def calendar_file(booking: Booking, *, title: str, place: str, text: str, url: str, now: datetime) -> bytes:
    """One event with a reminder two hours before; a cancelled booking takes itself out again.

    The event's identity is the booking's and its sequence the booking's version, so that a file opened
    after a move replaces the earlier one. Times are UTC: every calendar shows them in its own zone.
    """
    event = Event()
    event.add("uid", f"{booking.id}@tessera")
    event.add("sequence", booking.version)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", booking.starts_at.astimezone(UTC))
    event.add("dtend", booking.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", place)
    event.add("description", text)
    event.add("url", url)
    gone = booking.status in (Status.CANCELLED, Status.EXPIRED)
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    if not gone:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -REMIND_BEFORE)
        event.add_component(alarm)
    file = Calendar()
    file.add("prodid", "-//Tessera//Booking//EN")
    file.add("version", "2.0")
    file.add("method", "CANCEL" if gone else "PUBLISH")
    file.add_component(event)
    return bytes(file.to_ical())

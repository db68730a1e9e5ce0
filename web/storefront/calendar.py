"""A booking as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from tenants.booking.models import Booking, Status

REMIND_BEFORE = timedelta(hours=2)


def calendar_file(booking: Booking, *, title: str, place: str, text: str, url: str, now: datetime) -> bytes:
    """One event with a reminder two hours before; a cancelled booking takes itself out again.

    The event's identity is the booking's and its sequence the booking's version, so that a file opened
    after a move replaces the earlier one. Times are UTC: every calendar shows them in its own zone.
    """
    event = booking_event(booking, title=title, place=place, text=text, url=url, now=now)
    gone = is_gone(booking)
    if not gone:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -REMIND_BEFORE)
        event.add_component(alarm)
    file = _file("CANCEL" if gone else "PUBLISH")
    file.add_component(event)
    return bytes(file.to_ical())


def calendar_of(events: Iterable[Event], *, name: str) -> bytes:
    """A calendar to subscribe to, asked for again every hour; cancelled events stand in it as such."""
    file = _file("PUBLISH")
    file.add("x-wr-calname", name)
    file.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", "PT1H")
    for event in events:
        file.add_component(event)
    return bytes(file.to_ical())


def booking_event(booking: Booking, *, title: str, place: str, text: str, url: str, now: datetime) -> Event:
    """The booking as an event with the identity that all its files and feeds share."""
    event = Event()
    event.add("uid", f"{booking.id}@tessera")
    event.add("sequence", booking.version)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", booking.starts_at.astimezone(UTC))
    event.add("dtend", booking.ends_at.astimezone(UTC))
    event.add("summary", title)
    event.add("location", place)
    if text:
        event.add("description", text)
    event.add("url", url)
    event.add("status", "CANCELLED" if is_gone(booking) else "CONFIRMED")
    return event


def is_gone(booking: Booking) -> bool:
    """Whether the time is free again: its event takes itself out."""
    return booking.status in (Status.CANCELLED, Status.EXPIRED)


def _file(method: str) -> Calendar:
    file = Calendar()
    file.add("prodid", "-//Tessera//Booking//EN")
    file.add("version", "2.0")
    file.add("method", method)
    return file

"""Running late: the next members are told, with how many minutes; free time in between makes it good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message, carry_message
from chains.refusals import Refusal
from tenants.booking.models import Booking, RunningLate, Status
from tenants.events.domain.record import record_event
from tenants.events.domain.subscribers import Call, Happened
from tenants.people.domain.rights import Action, Actor
from tenants.stores.domain.spoken import spoken
from tenants.stores.domain.wall import local_date, local_day
from tenants.stores.domain.words import words_of

from .attempts import again_on_conflict
from .attention import claimed_span
from .change import visible_booking
from .claims import lock_resources
from .notices import own_chain
from .transitions import STATUS_WORDS, StatusForbids, read_booking

KIND = "booking.running_late"
MOST = 240
# Less is not worth a message.
LEAST_TOLD = 5
TEXTS = {
    "late": _(
        "%(chain)s: we are running about %(minutes)s minutes late. %(service)s begins at about %(when)s,"
        " %(store)s. Sorry to keep you waiting."
    ),
    "on_time": _("%(chain)s: we are back on time. %(service)s begins at %(when)s, %(store)s."),
}


class NobodyServes(Refusal):
    """Without a practitioner nobody runs late."""

    code = "nobody_serves"
    status = 422
    title = _("Nobody is assigned")
    detail = _("This booking has no practitioner who could be running late.")
    fix = _("Assign somebody first.")


@dataclass(frozen=True, slots=True)
class Delay:
    """A booking and by how many minutes it begins late; 0 for one that is back on time."""

    booking: Booking
    minutes: int


@again_on_conflict
def tell_running_late(booking_id: UUID, *, minutes: int, by: Actor, now: datetime) -> list[Delay]:
    """Say that the practitioner is `minutes` late from this booking on (0: on time again).

    A booking under way delays those after it, one to come itself as well; free time between two visits
    makes it good, and what is left under LEAST_TOLD is told to nobody. Members whose delay changed are
    told once each, open pages hear of it. Returns what changed, by start. Raises NotSeen, Forbidden,
    StatusForbids, NobodyServes.
    """
    booking = visible_booking(booking_id, by=by, action=Action.COMPLETE_BOOKING)
    if booking.status not in (Status.CONFIRMED, Status.ARRIVED):
        raise StatusForbids(params={"status": STATUS_WORDS[Status(booking.status)]})
    person = booking.practitioner
    if person is None or person.resource_id is None:
        raise NobodyServes
    lock_resources([person.resource_id])
    queue = _queue(booking)
    before = dict(RunningLate.objects.filter(booking__in=queue).values_list("booking_id", "minutes"))
    after = {one.booking.id: one.minutes for one in spread(queue, minutes)}
    changed = []
    for one in queue:
        told = after.get(one.id, 0)
        if one.status == Status.CONFIRMED and told != before.get(one.id, 0):
            changed.append(Delay(one, told))
            _record(one, told, by=by, now=now)
    return changed


def spread(queue: Sequence[Booking], minutes: int) -> Iterable[Delay]:
    """How the delay travels down the day: each gap between two claims takes its length off.

    claims      AAAA BBBB      CCCC     gap of 5 minutes, gap of 30
    A late 20       → B 15     → C 0
    """
    left = timedelta(minutes=minutes)
    last_end: datetime | None = None
    for one in queue:
        claim = claimed_span(one)
        if last_end is not None:
            left -= max(timedelta(), claim.start - last_end)
        last_end = claim.end
        if left < timedelta(minutes=LEAST_TOLD):
            return
        if one.status == Status.CONFIRMED:
            yield Delay(one, round(left.total_seconds() / 60))


def read_delays(booking_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Minutes late of those that are; one query."""
    found = RunningLate.objects.filter(booking_id__in=list(booking_ids), booking__status=Status.CONFIRMED)
    return dict(found.values_list("booking_id", "minutes"))


def _queue(booking: Booking) -> list[Booking]:
    """The booking and its practitioner's later ones of that day at the store, by start."""
    zone = ZoneInfo(booking.store.time_zone)
    end = local_day(local_date(booking.starts_at, zone), zone).end
    return list(
        Booking.objects.select_related("practitioner", "store", "service")
        .prefetch_related("claims")
        .filter(
            store_id=booking.store_id,
            practitioner_id=booking.practitioner_id,
            status__in=[Status.CONFIRMED, Status.ARRIVED],
            starts_at__gte=booking.starts_at,
            starts_at__lt=end,
        )
        .order_by("starts_at", "id")
    )


def _record(booking: Booking, minutes: int, *, by: Actor, now: datetime) -> None:
    if minutes:
        RunningLate.objects.update_or_create(
            booking=booking, defaults={"minutes": minutes, "told_at": now, "by_id": by.employee_id}
        )
    else:
        RunningLate.objects.filter(booking=booking).delete()
    Booking.objects.filter(id=booking.id).update(version=F("version") + 1)
    booking.version += 1
    record_event(
        KIND,
        subject_id=booking.id,
        store_id=booking.store_id,
        version=booking.version,
        payload={"minutes": minutes},
        now=now,
    )


def tell_member_late(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `late_text`: the call that texts the member; nothing for what was said again since."""
    booking = read_booking(event.subject_id)
    if booking is None or booking.member is None or not booking.member.phone:
        return None
    minutes = int(event.payload.get("minutes", 0))
    if booking.status != Status.CONFIRMED or read_delays([booking.id]).get(booking.id, 0) != minutes:
        return None
    chain = own_chain()
    message = Message(
        channel="sms",
        to=booking.member.phone,
        subject="",
        text=late_text(booking, minutes, chain_name=chain.name, locale=chain.locale, now=now),
        key=event.key,
    )

    def call() -> None:
        carry_message(message, now=now, chain=chain.slug)

    return call


def late_text(booking: Booking, minutes: int, *, chain_name: str, locale: str, now: datetime) -> str:
    """The sentence in the member's language (else the chain's), with the new time on the store's clock."""
    zone = ZoneInfo(booking.store.time_zone)
    language = (booking.member.locale if booking.member else "") or locale
    begins = booking.starts_at + timedelta(minutes=minutes)
    with translation.override(language):
        return str(TEXTS["late" if minutes else "on_time"]) % {
            "chain": chain_name,
            "minutes": minutes,
            "service": words_of(booking.service, "name", language=language),
            "store": words_of(booking.store, "name", language=language),
            "when": spoken(begins, zone=zone, now=now),
        }

"""What must be true of a chain's bookings at any moment, and every place where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import connection

from tenants.members.domain.name_index import stale_names

from .transitions import TABLE


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that is broken: which, and the ids that show it (at most 20)."""

    promise: str
    ids: tuple[str, ...]


# What tells processes that they remember something that is no longer so: see decision 45.
SET_UP = (
    *("stores_store", "stores_openinghours", "stores_closure", "stores_travel", "stores_resource"),
    *("stores_resourcecombination", "stores_resourcecombination_members"),
    *("people_employee", "people_employee_skills", "people_rolegrant"),
    *("people_weeklyshift", "people_dayshift", "people_leave"),
    *("catalogue_service", "catalogue_service_skills", "catalogue_offer", "catalogue_need"),
    *("catalogue_need_skills", "booking_policy"),
)
# Each finds the ids for which its promise is broken; none finds nothing. %(moves)s are "before>after".
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "every table of the set-up tells of its changes": """
            SELECT own.name FROM unnest(%(set_up)s::text[]) own (name) WHERE NOT EXISTS (SELECT FROM pg_trigger t
            WHERE t.tgrelid = to_regclass(own.name) AND t.tgname = 'renew_set_up' AND t.tgenabled = 'O')""",
        "a live booking claims what it needs": """
            SELECT b.id FROM booking_booking b WHERE b.status IN ('held', 'confirmed', 'arrived')
            AND NOT EXISTS (SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active)""",
        "a booking that is over claims nothing": """
            SELECT DISTINCT b.id FROM booking_booking b JOIN booking_claim c ON c.booking_id = b.id AND c.active
            WHERE b.status NOT IN ('held', 'confirmed', 'arrived')""",
        "a booking claims its practitioner": """
            SELECT b.id FROM booking_booking b JOIN people_employee e ON e.id = b.practitioner_id
            WHERE b.status IN ('held', 'confirmed', 'arrived') AND b.session_id IS NULL AND NOT EXISTS (
                SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active
                AND c.resource_id = e.resource_id AND c.during && tstzrange(b.starts_at, b.ends_at))""",
        "a booking of a session or window claims of its pool": """
            SELECT b.id FROM booking_booking b
            LEFT JOIN booking_session s ON s.id = b.session_id
            LEFT JOIN booking_pickupwindow w ON w.id = b.pickup_window_id
            WHERE b.status IN ('held', 'confirmed', 'arrived')
            AND coalesce(s.pool_id, w.pool_id) IS NOT NULL AND NOT EXISTS (
                SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active
                AND c.pool_id = coalesce(s.pool_id, w.pool_id)
                AND c.units = CASE WHEN s.id IS NULL THEN 1 ELSE b.party_size END)""",
        "a live booking claims its items of the stock": """
            SELECT DISTINCT b.id FROM booking_booking b JOIN booking_bookingitem i ON i.booking_id = b.id
            JOIN booking_stock t ON t.id = i.stock_id
            WHERE b.status IN ('held', 'confirmed', 'arrived') AND NOT EXISTS (
                SELECT FROM booking_claim c WHERE c.booking_id = b.id AND c.active
                AND c.pool_id = t.pool_id AND c.units = i.quantity)""",
        "a session that takes place holds its practitioner and room": """
            SELECT s.id FROM booking_session s LEFT JOIN people_employee e ON e.id = s.practitioner_id
            WHERE s.state = 'scheduled' AND EXISTS (
                SELECT FROM unnest(ARRAY[e.resource_id, s.resource_id]) AS needed (id)
                WHERE needed.id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM booking_claim c WHERE c.session_id = s.id AND c.active
                    AND c.resource_id = needed.id AND c.during @> tstzrange(s.starts_at, s.ends_at)))""",
        "a session called off has no live booking and holds nothing": """
            SELECT s.id FROM booking_session s WHERE s.state = 'called_off' AND (
                EXISTS (SELECT FROM booking_claim c WHERE c.session_id = s.id AND c.active)
                OR EXISTS (SELECT FROM booking_booking b WHERE b.session_id = s.id
                    AND b.status IN ('held', 'confirmed', 'arrived')))""",
        "a stock has what its log adds up to": """
            SELECT t.id FROM booking_stock t JOIN booking_pool p ON p.id = t.pool_id
            LEFT JOIN booking_stockchange c ON c.stock_id = t.id
            GROUP BY t.id, p.capacity HAVING p.capacity <> coalesce(sum(c.units), 0)""",
        "of a payment goes back what its refunds add up to": """
            SELECT p.id FROM booking_holdpayment p LEFT JOIN booking_paymentrefund r ON r.payment_id = p.id
            GROUP BY p.id, p.returned HAVING p.returned <> coalesce(sum(r.amount), 0)""",
        "a claim's times are those of its range": """
            SELECT c.id FROM booking_claim c WHERE c.resource_id IS NOT NULL
            AND c.during IS DISTINCT FROM tstzrange(c.starts_at, c.ends_at)""",
        "no two claims of a resource overlap": """
            SELECT c.id FROM booking_claim c JOIN booking_claim d ON d.resource_id = c.resource_id
            AND d.id > c.id AND d.active AND NOT d.overbooked AND d.during && c.during
            WHERE c.active AND NOT c.overbooked""",
        "a pool has taken what is claimed of it": """
            SELECT p.id FROM booking_pool p LEFT JOIN booking_claim c ON c.pool_id = p.id AND c.active
            GROUP BY p.id, p.taken HAVING p.taken <> coalesce(sum(c.units), 0)""",
        "a pool has taken no more than it holds": """
            SELECT id FROM booking_pool WHERE taken < 0 OR taken > capacity""",
        "no member has two live bookings at once": """
            SELECT b.id FROM booking_booking b JOIN booking_booking d ON d.member_id = b.member_id
            AND d.id > b.id AND d.status IN ('held', 'confirmed', 'arrived')
            AND d.starts_at < b.ends_at AND d.ends_at > b.starts_at AND d.pickup_window_id IS NULL
            WHERE b.status IN ('held', 'confirmed', 'arrived') AND b.pickup_window_id IS NULL""",
        "a booking's last transition led to its status": """
            SELECT b.id FROM booking_booking b LEFT JOIN LATERAL (
                SELECT t.after FROM booking_transition t WHERE t.booking_id = b.id ORDER BY t.id DESC LIMIT 1
            ) last ON true WHERE last.after IS DISTINCT FROM b.status""",
        "transitions follow each other by the table of moves": """
            SELECT DISTINCT t.booking_id FROM (
                SELECT booking_id, before, after, at, id,
                    lag(after, 1, '') OVER (PARTITION BY booking_id ORDER BY id) AS was
                FROM booking_transition) t
            WHERE t.before <> t.was OR NOT (t.before || '>' || t.after = ANY(%(moves)s))""",
        "a booking that arrived was redeemed, and no other": """
            SELECT b.id FROM booking_booking b LEFT JOIN booking_redemption r ON r.booking_id = b.id
            WHERE (b.status IN ('arrived', 'completed')) <> (r.booking_id IS NOT NULL)""",
        "what happened to a booking stands in the outbox": """
            SELECT b.id FROM booking_booking b
            WHERE NOT EXISTS (SELECT FROM events_event e WHERE e.subject_id = b.id AND e.version = b.version)""",
        "an effect that was brought about waits for no delivery": """
            SELECT d.id FROM events_delivery d
            JOIN events_effect e ON e.key = d.subscriber || ':' || d.event_id
            WHERE d.leased_until IS NULL AND d.attempts = 0""",
    }
)


def check_bookings() -> list[Breach]:
    """Every promise that the active chain's data breaks; empty when all is well. Reads only."""
    moves = [f"{before}>{after}" for (before, _move), after in TABLE.items()]
    # a booking begins held or confirmed
    moves += [">held", ">confirmed"]
    found: list[Breach] = []
    with connection.cursor() as cursor:
        for promise, statement in CHECKS.items():
            cursor.execute(f"{statement} LIMIT 20", {"moves": moves, "set_up": list(SET_UP)})
            ids = tuple(str(row[0]) for row in cursor.fetchall())
            if ids:
                found.append(Breach(promise, ids))
    return found


def check_names() -> list[Breach]:
    """The members whom a search does not find by the name they have; the round of the day mends it."""
    stale = stale_names().order_by("id").values_list("id", flat=True)[:20]
    ids = tuple(str(one) for one in stale)
    return [Breach("a member is found by the name they have", ids)] if ids else []

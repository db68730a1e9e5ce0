"""What a search means: words that stand for a code, a phone, a name, a person, a service or a status.

    QB7K            codes that begin so            王 · 小雅 · wxy · anna   members of that name
    2046            phones that end so             小雅 深层                 both: a person or member, and a service
    已取消 · no-show  bookings in that status

Every word must mean something of the booking, in any of its meanings. Whatever a word means is resolved to
ids first, where they are few: then each meaning is found by an index of its own, and the whole is their union.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice, product
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import translation

from tenants.booking.models import Booking, Status
from tenants.catalogue.models import Service
from tenants.members.domain.name_index import called, ends_with, having_grams, some_ids
from tenants.members.domain.names import gram_set, grams_sought
from tenants.members.models import Member
from tenants.people.domain.rights import Action, Actor, may_anywhere
from tenants.people.models import Employee
from tenants.stores.domain.phones import tail_of

from .codes import ALPHABET, LENGTH, parse_code
from .transitions import STATUS_WORDS

MOST_WORDS = 4
MOST_WAYS = 12
# More members than this share a name that is no rarity: walking the days finds one of them sooner.
FEW = 400

# the same condition twice: as `Sought.every` and as `Sought.near` has it
Both = tuple[Q, Q]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a word may stand for; None is not asked for."""

    code: str | None = None
    tail: str | None = None
    grams: frozenset[str] = field(default_factory=frozenset)
    staff: tuple[UUID, ...] | None = None
    services: tuple[UUID, ...] | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What a text is a search for, as a condition on bookings, and the staff and services that the whole text names.

    `near` says the same where a common name is meant, and asks it of one booking after the other: quick where the
    first few of an order are wanted and are soon met, and slow where they are not. None where `every` is as quick.
    """

    every: Q
    near: Q | None = None
    staff: tuple[UUID, ...] = ()
    services: tuple[UUID, ...] = ()


def seek(text: str, *, by: Actor, among: QuerySet[Booking]) -> Sought:
    """What `text` means; a condition that nothing meets for what means nothing.

    At most two queries for the names of staff and services, and one for each meaning that is a member's. Of what
    could be a code one more, which is the only one where one of the bookings `among` bears it.
    """
    code = parse_code(text)
    # one in 32 of the names that could be a code looks like one
    if code is not None and among.filter(code=code).exists():
        return Sought(Q(code=code))
    words = [text] if tail_of(text) else text.split()[:MOST_WORDS]
    names = _Names()
    meanings = [list(_meanings(word, names=names, by=by)) for word in words]
    ways = [way for way in islice(product(*meanings), MOST_WAYS) if way]
    found = [condition for way in ways if (condition := _condition(way, names)) is not None]
    whole = frozenset(grams_sought(text))
    return Sought(
        every=reduce(or_, (every for every, _near in found)) if found else Q(pk__in=[]),
        near=reduce(or_, (near for _every, near in found))
        if any(each != near for each, near in found)
        else None,
        staff=names.staff(whole) if whole else (),
        services=names.services(whole) if whole else (),
    )


@dataclass(slots=True)
class _Names:
    """The names of staff and services, read when a word first asks for them; members, each search once."""

    _members: dict[tuple[frozenset[str], tuple[str, ...]], Both | None] = field(default_factory=dict)
    _staff: list[tuple[UUID, frozenset[str]]] | None = None
    _services: list[tuple[UUID, frozenset[str]]] | None = None

    def staff(self, sought: frozenset[str]) -> tuple[UUID, ...]:
        """The practitioners with a name like that, those who have left included."""
        if self._staff is None:
            rows = Employee.objects.filter(resource__isnull=False).values_list("id", "name")
            self._staff = [(key, gram_set(name)) for key, name in rows]
        return tuple(key for key, grams in self._staff if sought <= grams)

    def services(self, sought: frozenset[str]) -> tuple[UUID, ...]:
        """The services with a name like that, in any of its languages."""
        if self._services is None:
            rows = Service.objects.order_by().values_list("id", "name", "translations")
            self._services = [(key, _all_grams(name, texts)) for key, name, texts in rows]
        return tuple(key for key, grams in self._services if sought <= grams)

    def members(self, grams: frozenset[str], tails: tuple[str, ...]) -> Both | None:
        """Bookings of the members with such a name and phone; None where there is no such member."""
        if (grams, tails) not in self._members:
            members = having_grams(grams)
            if tails:
                by_phone = Member.objects.filter(*(ends_with(tail) for tail in tails))
                members = (by_phone.filter(id__in=members) if grams else by_phone).values("id")
            ids = some_ids(members, at_most=FEW)
            wanted = Q(member_id__in=ids if ids is not None else members)
            near = wanted if ids is not None or tails else Q(called(grams))
            self._members[grams, tails] = (wanted, near) if ids != [] else None
        return self._members[grams, tails]


def _all_grams(name: str, translations: object) -> frozenset[str]:
    names = [name]
    if isinstance(translations, dict):
        names += [str(texts["name"]) for texts in translations.values() if texts.get("name")]
    return frozenset(gram for one in names for gram in gram_set(one))


def _meanings(word: str, *, names: _Names, by: Actor) -> Iterator[Meaning]:
    start = word.replace("-", "").upper()
    if 3 <= len(start) <= LENGTH and all(sign in ALPHABET for sign in start):
        yield Meaning(code=start)
    tail = tail_of(word)
    if tail and (by.is_member or may_anywhere(by, Action.READ_MEMBERS)):
        yield Meaning(tail=tail)
    status = status_named(word)
    if status is not None:
        yield Meaning(status=status)
    sought = frozenset(grams_sought(word))
    if sought:
        yield Meaning(grams=sought)
        if services := names.services(sought):
            yield Meaning(services=services)
        if staff := names.staff(sought):
            yield Meaning(staff=staff)


def status_named(word: str) -> Status | None:
    """The status that a word names in any of our languages; two characters or four letters are needed."""
    plain = word.casefold().replace("-", " ").strip()
    if len(plain) < (4 if plain.isascii() else 2):
        return None
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for status, words in STATUS_WORDS.items():
                said = str(words).casefold().replace("-", " ")
                if plain in (said, said.removeprefix("a ")) or (not plain.isascii() and plain in said):
                    return status
    return None


def _condition(way: Sequence[Meaning], names: _Names) -> Both | None:
    """The booking that has all these meanings at once; None where no booking can."""
    found = Q()
    for meaning in way:
        if meaning.code is not None:
            found &= Q(code__startswith=meaning.code)
        if meaning.status is not None:
            found &= Q(status=meaning.status)
        if meaning.staff is not None:
            found &= Q(practitioner_id__in=meaning.staff)
        if meaning.services is not None:
            found &= Q(service_id__in=meaning.services)
    grams = frozenset(gram for meaning in way for gram in meaning.grams)
    tails = tuple(meaning.tail for meaning in way if meaning.tail is not None)
    if not grams and not tails:
        return found, found
    members = names.members(grams, tails)
    return (found & members[0], found & members[1]) if members is not None else None

"""Members: they join by signing in, say who they are, and are found by those who serve them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from chains.refusals import require_version
from tenants.members.domain.codes import use_code
from tenants.members.domain.name_index import ends_with, index_names, named, some_ids
from tenants.members.models import Member
from tenants.people.domain.access import note_access
from tenants.people.domain.rights import Action, Actor, Forbidden, NotSeen, may_anywhere
from tenants.stores.domain.phones import tail_of

# Up to here a name is rare enough to resolve to all who bear it.
RARE = 400


def sign_in_member(phone: str, digits: str, *, name: str = "", now: datetime) -> tuple[Member, bool]:
    """The member whose phone (E.164) received the code, and whether they have just joined.

    Raises CodeWrong, CodeExpired, SignInPaused.
    """
    use_code(phone, digits, now=now)
    return welcome_member(phone, name=name, now=now)


def welcome_member(phone: str | None, *, name: str = "", now: datetime) -> tuple[Member, bool]:
    """The member of this phone (E.164), and whether they are new; without a phone always a new one.

    A known member keeps the name; one without a name takes the one given.
    """
    if phone is None:
        member, new = Member.objects.create(name=name.strip(), phone=None, created_at=now), True
    else:
        member, new = Member.objects.get_or_create(
            phone=phone, defaults={"name": name.strip(), "created_at": now}
        )
    if not new and not member.name and name.strip():
        member.name = name.strip()
        member.save(update_fields=["name"])
    elif not new:
        return member, new
    index_names([member])
    return member, new


def change_member(
    member_id: UUID,
    *,
    by: Actor,
    name: str | None = None,
    locale: str | None = None,
    note: str | None = None,
    version: int | None = None,
) -> Member:
    """Change a profile: members their own name and language, employees who may also the note.

    Raises NotSeen, Forbidden, StaleVersion.
    """
    own = by.member_id == member_id
    if not own:
        require_members(by, Action.MANAGE_MEMBERS)
    if own and note is not None:
        raise Forbidden
    member = Member.objects.select_for_update().filter(id=member_id).first()
    if member is None:
        raise NotSeen
    require_version(member.version, version)
    for field, value in (("name", name), ("locale", locale), ("note", note)):
        if value is not None:
            setattr(member, field, value.strip())
    member.version += 1
    member.save()
    if name is not None:
        index_names([member])
    return member


def find_members(query: str, *, by: Actor) -> QuerySet[Member]:
    """Members by name (characters, pinyin, words) or the end of the phone, for employees who may read them; lazy.

    An empty query finds all. Raises Forbidden.
    """
    require_members(by, Action.READ_MEMBERS)
    query = query.strip()
    if not query:
        return Member.objects.all()
    return Member.objects.filter(id__in=_ids_found(query))


def _ids_found(query: str) -> QuerySet[Any]:
    """The ids (`{"id"}`) of who is called so or whose phone ends so; lazy."""
    tail = tail_of(query)
    if tail is None:
        return named(query)
    # a union, for an OR of the two would use the index of neither
    return named(query).union(Member.objects.filter(ends_with(tail)).values("id"), all=True)


def newest_members(query: str, *, by: Actor, most: int) -> list[Member]:
    """The last `most` who joined of those that `find_members` finds, by at most two queries. Raises Forbidden.

    A rare name is resolved to its few ids first; of a common one, walking from the newest finds some at once.
    """
    found = find_members(query, by=by)
    ids = some_ids(_ids_found(query), at_most=RARE) if query.strip() else None
    if ids is not None:
        found = Member.objects.filter(id__in=ids)
    return list(found.order_by("-id")[:most]) if ids != [] else []


def read_member(member_id: UUID, *, by: Actor) -> Member:
    """One member, for themselves or an employee who may. Raises NotSeen, Forbidden."""
    if by.member_id != member_id:
        require_members(by, Action.READ_MEMBERS)
    member = Member.objects.filter(id=member_id).first()
    if member is None:
        raise NotSeen
    return member


def reveal_phone(member_id: UUID, *, by: Actor, now: datetime) -> str | None:
    """The member's whole number; that it was seen is noted. Raises NotSeen, Forbidden."""
    if by.member_id == member_id:
        return read_member(member_id, by=by).phone
    require_members(by, Action.REVEAL_PHONE)
    member = read_member(member_id, by=by)
    note_access(by, "phone_revealed", "member", member.id, now=now)
    return member.phone


def require_members(by: Actor, action: Action) -> None:
    """Members belong to the chain, not to a store: the right at one store is enough.

    Another member learns nothing (NotSeen); an employee without the right is Forbidden.
    """
    if may_anywhere(by, action):
        return
    raise Forbidden if by.is_employee else NotSeen


def is_language(code: str) -> bool:
    """Whether pages and messages exist in this language (any case); "" is the chain's own."""
    return code == "" or code.lower() in {known for known, _name in settings.LANGUAGES}

"""The index of names keeps up with the names."""

from __future__ import annotations

from django.db import connection

from chains.scope import chain_scope
from tenants.booking.domain.integrity import check_names
from tenants.members.domain.members import change_member, find_members, welcome_member
from tenants.members.domain.name_index import ends_with, index_stale_names, named
from tenants.members.domain.names import grams_of
from tenants.members.models import Member, NameIndex
from tests.ground.cast import NOW, Cast


def _found(cast: Cast, text: str) -> list[str]:
    return sorted(find_members(text, by=cast.alpha.actors["clerk"]).values_list("name", flat=True))


def test_who_joins_is_found_by_characters_and_pinyin(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        welcome_member(None, name="单小雨", now=NOW)
        found = [_found(cast, text) for text in ("雨", "小雨", "sxy", "shanxiaoyu", "苏", "sq", "ke", "雨小")]
    assert found == [["单小雨"]] * 4 + [["苏晴"]] * 2 + [["Chen Ke"]] + [[]]


def test_who_is_named_later_is_found_from_then_on(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        welcome_member("+8613800000077", now=NOW)
        before = _found(cast, "何")
        welcome_member("+8613800000077", name="何思远", now=NOW)
        after = _found(cast, "hsy")
        welcome_member("+8613800000077", name="另一个", now=NOW)
        kept = _found(cast, "何思远")
    assert (before, after, kept) == ([], ["何思远"], ["何思远"])


def test_a_new_name_is_found_and_the_old_one_no_longer(cast: Cast) -> None:
    su = cast.alpha.members["su"]
    with chain_scope(cast.alpha.info):
        change_member(su.id, by=cast.alpha.actors["su"], name="苏小晴")
        found = [_found(cast, text) for text in ("小晴", "sxq", "sq")]
        breaches = check_names()
    assert (found, breaches) == ([["苏小晴"], ["苏小晴"], []], [])


def test_the_end_of_a_phone_and_digits_in_a_name_are_both_found(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        welcome_member(None, name="Table 0001", now=NOW)
        found = _found(cast, "0001")
    assert found == ["Table 0001", "苏晴"]


def test_the_round_fills_what_has_no_index_or_an_old_one_and_may_be_repeated(cast: Cast) -> None:
    with chain_scope(cast.alpha.info):
        Member.objects.create(name="温雅", phone=None, created_at=NOW)
        Member.objects.create(name="", phone=None, created_at=NOW)
        NameIndex.objects.filter(member=cast.alpha.members["su"]).update(scheme=0, grams=[])
        Member.objects.filter(id=cast.alpha.members["chen"].id).update(name="陈可")
        told = [len(breach.ids) for breach in check_names()]
        before = [_found(cast, text) for text in ("温雅", "苏", "陈")]
        more = [index_stale_names(now=NOW), index_stale_names(now=NOW)]
        after = [_found(cast, text) for text in ("wy", "苏", "ck")]
        rows = {row.name: row.grams for row in NameIndex.objects.all()}
        whole = check_names()
    assert (told, before) == ([3], [[], [], []])
    assert (more, after, whole) == ([False, False], [["温雅"], ["苏晴"], ["陈可"]], [])
    assert rows == {name: grams_of(name) for name in ("温雅", "苏晴", "陈可")}


def test_names_and_phone_ends_are_found_by_their_indexes(cast: Cast) -> None:
    with chain_scope(cast.alpha.info), connection.cursor() as cursor:
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            # two rows need no index: with the other ways shut, what is left shows whether one serves
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plans = [named(text).explain() for text in ("小雅", "wxy")]
        plans.append(Member.objects.filter(ends_with("2046")).explain())
    assert ["name_by_grams" in plan for plan in plans] == [True, True, False]
    assert "member_by_phone_tail" in plans[2]

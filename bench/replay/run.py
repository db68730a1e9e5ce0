"""Plays the held-out months, once with each policy, from the same history and the same wishes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from bench.replay.people import KINDS, Wish, make_wishes
from bench.replay.policies import POLICIES, Came, Moment, Policy
from bench.replay.shop import DAY, Shop, make_shop

# Days ahead that can be booked.
AHEAD = 42
# A recommendation so near to what the member would have found themselves is a hit: minutes, same day.
NEAR = 30
# A recommendation is taken where it costs the member no more than this above their own best find
# (half an hour of a habitual's time).
SLACK = 0.5


@dataclass(frozen=True)
class Size:
    """How much is played: people, days learned from, days held out."""

    chairs: int = 4
    members: int = 340
    learned: int = 180
    held_out: int = 60


@dataclass
class Result:
    """What a policy did in the held-out days."""

    policy: str
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    hits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    exact: int = 0
    taken: int = 0
    left: int = 0
    stranded: int = 0
    booked: int = 0
    works: int = 0
    staff_days: int = 0

    @property
    def hit_rate(self) -> float:
        """Share of those asked whose own find was among the three, or within NEAR of one."""
        return sum(self.hits.values()) / max(1, sum(self.asked.values()))

    @property
    def idle(self) -> float:
        """Minutes a person and day in stretches too short to be sold."""
        return self.stranded / max(1, self.staff_days)

    @property
    def combined(self) -> float:
        """Hit rate times the share of working time that is not stranded: both ends, one number."""
        return self.hit_rate * (1 - self.stranded / max(1, self.works))


def replay(seed: int, size: Size) -> list[Result]:
    """The results of every policy; the same seed and size give the same figures."""
    dice = Random(seed)
    days = size.learned + size.held_out
    shop = make_shop(dice, chairs=size.chairs, days=days + AHEAD)
    wishes = make_wishes(dice, members=size.members, staff=shop.staff, days=days, held_out=size.learned)
    learned = [wish for wish in wishes if wish.felt < size.learned * DAY]
    held_out = [wish for wish in wishes if wish.felt >= size.learned * DAY]
    history: dict[int, list[Came]] = defaultdict(list)
    _play(learned, shop, history, None, Result("history"))
    results = []
    for name, policy in POLICIES.items():
        own = shop.copy()
        result = Result(name)
        known = defaultdict(list, {member: list(came) for member, came in history.items()})
        _play(held_out, own, known, policy, result)
        # the first days were mostly booked before: what is measured is a full month on from there
        measured = range(size.learned + 14, days)
        result.stranded, result.booked, result.works = own.stranded(measured)
        result.staff_days = sum(day in measured for _name, day in own.shifts)
        results.append(result)
    return results


def _play(
    wishes: Iterable[Wish],
    shop: Shop,
    history: dict[int, list[Came]],
    policy: Policy | None,
    result: Result,
) -> None:
    for wish in wishes:
        starts = shop.starts(wish.what, now=wish.felt, days=AHEAD)
        own = wish.best(starts)
        if own is None:
            result.left += 1
            continue
        taken = own
        if policy is not None:
            moment = Moment(wish.felt, wish.what, starts, tuple(history[wish.member]), shop, AHEAD)
            picks = policy(moment)
            assert all(name in starts[start] for start, name in picks), "only what is free"
            result.asked[wish.kind] += 1
            if any(start // DAY == own[0] // DAY and abs(start - own[0]) <= NEAR for start, _ in picks):
                result.hits[wish.kind] += 1
            result.exact += any(start == own[0] for start, _ in picks)
            dearest = wish.cost(*own) + SLACK
            liked = next((pick for pick in picks if wish.cost(*pick) <= dearest), None)
            if liked is not None:
                taken = liked
                result.taken += 1
        shop.take(taken[1], taken[0], wish.what)
        history[wish.member].append(Came(taken[0], taken[1], wish.what, wish.felt))


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    kinds = " | ".join(KINDS)
    lines = [
        f"| Policy | Hit in three | exact | {kinds} | taken | Idle min a person and day | Booked | Combined |",
        "| --- |" + " --- |" * (7 + len(KINDS) - 1),
    ]
    for one in results:
        by_kind = " | ".join(f"{one.hits[kind] / max(1, one.asked[kind]):.0%}" for kind in KINDS)
        asked = max(1, sum(one.asked.values()))
        lines.append(
            f"| {one.policy} | {one.hit_rate:.1%} | {one.exact / asked:.1%} | {by_kind} "
            f"| {one.taken / asked:.0%} | {one.idle:.1f} | {one.booked / max(1, one.works):.1%} | {one.combined:.3f} |"
        )
    return "\n".join(lines)

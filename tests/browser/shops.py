"""Chains for the browser tests of pages: a shop of the test's own, and the demo's salon."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from typing import Any

from django.utils import timezone

from chains.domain.accent import make_accent
from chains.hosts import ChainInfo
from chains.scope import chain_scope
from tests.ground.cast import Chain, fill_alpha
from tests.ground.chains import lend_chain
from tests.ground.kept import fill_once
from verticals.beauty.manifest import manifest
from web.dev.seeding.chain import MEMBERS, ChainSeeder
from web.dev.seeding.plan import HISTORY_DAYS

_numbers = count(1)
# The demo's salon, with a month behind it in which its members have come as often as the demo's in three.
SALON = manifest.demo[0]
SALON_DAYS, SALON_MEMBERS = HISTORY_DAYS // 3, MEMBERS // 3


class Shops:
    """`open_shop(name="栖白", locale="zh-Hans")`: a chain of its own, open for bookings, with alpha's cast in it."""

    def __call__(self, **fields: Any) -> Chain:
        """Such a chain; the fields are those of its row."""
        info = self.empty(**fields)
        chain = fill_once(info, ("alpha", timezone.now().date(), info.locale), fill_alpha)
        chain.info = info
        return chain

    def empty(self, *, slug: str = "shop", accent: str = "#2C7A66", **fields: Any) -> ChainInfo:
        """One with nothing in it."""
        defaults = {
            "opened_at": timezone.now(),
            "accent": accent,
            "accent_tokens": asdict(make_accent(accent)),
        }
        # the web process remembers a host for 30 seconds: no two tests share one
        return lend_chain(f"{slug}{next(_numbers)}", **{**defaults, **fields})

    def salon(self, language: str, **fields: Any) -> ChainInfo:
        """The beauty demo's, under its name in the language."""
        names = {"name": SALON.names[language], "tagline": SALON.taglines[language]}
        info = self.empty(slug="salon", locale=SALON.locale, accent=SALON.accent, **names, **fields)
        fill_once(info, ("salon", timezone.now().replace(minute=0, second=0, microsecond=0)), _seed_salon)
        return info


def _seed_salon(info: ChainInfo) -> None:
    seeder = ChainSeeder(
        info,
        SALON,
        manifest,
        now=timezone.now(),
        seed=7,
        members=SALON_MEMBERS,
        history_days=SALON_DAYS,
    )
    with chain_scope(info):
        seeder.seed()

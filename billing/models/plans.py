"""Plans, in the public schema."""

from __future__ import annotations

from django.db import models


class Plan(models.Model):
    """What a chain can subscribe to. Prices: {currency: {"month": minor units, "year": minor units}}.

    Where stores can be added, beside them "store_month" and "store_year" for one; `most_stores` in all, null
    for any number. `limits` are keyed by chains.domain.entitlements.Limit, null for none.
    """

    code = models.CharField(max_length=40, primary_key=True)
    names = models.JSONField()
    pitch = models.JSONField()
    prices = models.JSONField()
    limits = models.JSONField()
    most_stores = models.PositiveIntegerField(null=True, blank=True)
    trial_days = models.PositiveSmallIntegerField(default=14)
    position = models.PositiveSmallIntegerField(default=0)
    on_sale = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.code

"""What a member is told of their money: that it goes back, how much, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message, carry_message
from chains.refusals import Text
from tenants.booking.models import Means, PaymentRefund, RefundCause, Status
from tenants.events.domain.subscribers import Call, Happened
from tenants.stores.domain.money import SpokenMoney
from tenants.stores.domain.words import words_of

from .codes import show_code
from .notices import OwnChain, own_chain
from .refunds import REFUND_DUE

KINDS = frozenset({REFUND_DUE})
GONE = _(
    "%(chain)s: the payment for %(code)s came when the hold was over and the place was gone. %(money)s goes back "
    "in full."
)
TWICE = _("%(chain)s: the payment for %(code)s was not needed any more. %(money)s goes back in full.")
BACK = _("%(chain)s: %(money)s of the deposit for %(code)s goes back to where it came from.")
AT_DESK = _("%(chain)s: %(money)s of the deposit for %(code)s is waiting at the desk of %(store)s.")
TEXTS: Mapping[RefundCause, Text] = MappingProxyType(
    {RefundCause.NO_PLACE: GONE, RefundCause.ENDED: BACK, RefundCause.WAIVED: BACK}
)
# The place is the member's all the same: paid twice, at the desk, or let off.
STANDING = (Status.HELD, Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED)


def tell_of_refund(event: Happened, *, now: datetime) -> Call | None:
    """Subscriber `payment_text`: the call that texts whoever paid; nothing for somebody without a phone."""
    if event.payload.get("again"):  # told when it was decided
        return None
    refunds = PaymentRefund.objects.select_related(
        "payment__booking__member", "payment__booking__payer", "payment__booking__store"
    )
    refund = refunds.filter(id=event.payload.get("refund")).first()
    if refund is None:
        return None
    booking = refund.payment.booking
    payer = booking.payer or booking.member
    if payer is None or not payer.phone:
        return None
    chain = own_chain()
    message = Message(
        channel="sms",
        to=payer.phone,
        subject="",
        text=refund_text(refund, chain=chain, language=payer.locale or chain.locale),
        key=event.key,
    )

    def call() -> None:
        carry_message(message, now=now, chain=chain.slug)

    return call


def refund_text(refund: PaymentRefund, *, chain: OwnChain, language: str) -> str:
    """The sentence in that language."""
    payment = refund.payment
    text = AT_DESK if payment.means == Means.DESK else TEXTS[RefundCause(refund.cause)]
    if text is GONE and payment.booking.status in STANDING:
        text = TWICE
    with translation.override(language):
        return str(text) % {
            "chain": chain.name,
            "money": SpokenMoney(refund.amount, payment.currency),
            "code": show_code(payment.booking.code),
            "store": words_of(payment.booking.store, "name", language=language),
        }

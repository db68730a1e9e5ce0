"""A message to an employee: by text to their phone, or by e-mail where no phone is known; in their language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chains.outgoing import Message, carry_message
from chains.refusals import Text
from tenants.events.domain.subscribers import Call
from tenants.people.models import Employee

from .notices import OwnChain

DAY_CHANGED = _("Your day has changed")


def employee_message(
    to: Employee, say: Callable[[str], str], *, subject: Text, key: str, chain: OwnChain
) -> Message:
    """What `say(language)` says to the employee (user read); `key` is the event's, for one message a person."""
    language = to.user.locale or chain.locale
    with translation.override(language):
        text, title = say(language), str(subject)
    by_phone = bool(to.phone)
    return Message(
        channel="sms" if by_phone else "email",
        to=to.phone if by_phone else to.user.email,
        subject="" if by_phone else title,
        text=text,
        key=f"{key}:{to.id}",
    )


def carry_all(messages: list[Message], *, chain: OwnChain, now: datetime) -> Call | None:
    """The call that carries the messages; None where there are none."""
    if not messages:
        return None

    def call() -> None:
        for message in messages:
            carry_message(message, now=now, chain=chain.slug)

    return call

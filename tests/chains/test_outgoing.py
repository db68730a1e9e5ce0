"""Messages that leave the house."""

from __future__ import annotations

from typing import Any

from django.core import mail

from chains.outgoing import EmailChannel, Message
from tests.ground.cast import NOW


def ids_of(*sent: tuple[str, str | None], settings: Any) -> list[str | None]:
    """The Message-ID of an e-mail of each chain and key, None where the mail library is to choose it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    for chain, key in sent:
        EmailChannel().send(Message("email", "su@example.com", "Hello", "Text", key=key), chain=chain, at=NOW)
    return [message.extra_headers.get("Message-ID") for message in mail.outbox]


def test_an_email_that_is_repeated_with_its_key_has_the_same_message_id(settings: Any) -> None:
    first, again, other, elsewhere, free = ids_of(
        ("alpha", "text:1"), ("alpha", "text:1"), ("alpha", "text:2"), ("beta", "text:1"), ("alpha", None),
        settings=settings,
    )  # fmt: skip
    assert first == again
    assert len({first, other, elsewhere}) == 3
    assert first is not None and first.endswith("@tessera.test>")
    assert free is None

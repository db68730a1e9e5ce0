"""How e-mail leaves, from the environment to Django's settings, and that a mail server that hangs stops nobody."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from smtplib import SMTPServerDisconnected
from typing import Any

import anymail.backends.brevo
import pytest
from django.core.mail import get_connection

from chains.outgoing import EmailChannel, Message
from config.mail import NOWHERE, SMTP, mail_server, mail_settings

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp+tls://mailer:w%40rd@mail.example", 587, True, False),
        ("smtps://mailer:w%40rd@mail.example", 465, False, True),
        ("smtps://mailer:w%40rd@mail.example:4650", 4650, False, True),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, port: int, starttls: bool, tls: bool) -> None:
    assert mail_server(url) == {
        "EMAIL_HOST": "mail.example",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": "mailer",
        "EMAIL_HOST_PASSWORD": "w@rd",
        "EMAIL_USE_TLS": starttls,
        "EMAIL_USE_SSL": tls,
    }


def test_the_backend_is_the_servers_the_providers_or_none() -> None:
    def backend(url: str | None, provider: str | None) -> str:
        return str(mail_settings(url=url, provider=provider, options={}, timeout=10)["EMAIL_BACKEND"])

    assert backend("smtp://localhost", None) == SMTP
    assert backend(None, "brevo") == "anymail.backends.brevo.EmailBackend"
    assert backend(None, None) == NOWHERE


def test_a_provider_gets_its_settings_and_the_time_out(settings: Any) -> None:
    told = mail_settings(url=None, provider="brevo", options={"BREVO_API_KEY": "k"}, timeout=7)
    for name, value in told.items():
        setattr(settings, name, value)
    backend = get_connection(told["EMAIL_BACKEND"])
    assert isinstance(backend, anymail.backends.brevo.EmailBackend)
    assert (backend.api_key, backend.timeout) == ("k", 7)


def test_a_mail_server_that_says_nothing_is_given_up_after_the_time_out(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        for name, value in mail_settings(url=url, provider=None, options={}, timeout=1).items():
            setattr(settings, name, value)
        message = Message(channel="email", to="li@shop.example", subject="s", text="t")
        began = time.monotonic()
        with pytest.raises(SMTPServerDisconnected, match="timed out"):
            EmailChannel().send(message, chain=None, at=NOW)
        assert time.monotonic() - began < 60

"""How e-mail leaves, as Django's settings name it, from one address in the environment."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlparse

SMTP = "django.core.mail.backends.smtp.EmailBackend"
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"
# how the connection is made safe, and the port where the address names none
_SCHEMES = {"smtp": (False, False, 25), "smtp+tls": (True, False, 587), "smtps": (False, True, 465)}


def mail_server(url: str) -> dict[str, Any]:
    """Django's EMAIL_* settings of a mail server: smtp+tls:// (STARTTLS), smtps:// (TLS), or smtp:// (none).

    Raises ValueError for what is no such address, and for a password that would travel in clear.
    """
    server = urlparse(url)
    if server.scheme not in _SCHEMES or not server.hostname or server.path.strip("/") or server.query:
        raise ValueError(
            "EMAIL_URL is not of the form smtp+tls://user:password@host:587 (or smtps://, smtp://)"
        )
    starttls, tls, port = _SCHEMES[server.scheme]
    if server.password and not (starttls or tls):
        raise ValueError("EMAIL_URL has a password and no encryption: use smtp+tls:// or smtps://")
    return {
        "EMAIL_HOST": server.hostname,
        "EMAIL_PORT": server.port or port,
        "EMAIL_HOST_USER": unquote(server.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(server.password or ""),
        "EMAIL_USE_TLS": starttls,
        "EMAIL_USE_SSL": tls,
    }


def mail_settings(
    *, url: str | None, provider: str | None, options: dict[str, str], timeout: int
) -> dict[str, Any]:
    """All of Django's mail settings, and anymail's; without server and provider nothing is sent.

    `options` are anymail's settings of the provider, such as {"BREVO_API_KEY": …}; `timeout` in seconds.
    """
    backend = SMTP if url else f"anymail.backends.{provider}.EmailBackend" if provider else NOWHERE
    return {
        "EMAIL_BACKEND": backend,
        "EMAIL_TIMEOUT": timeout,
        "ANYMAIL": {"REQUESTS_TIMEOUT": timeout, **options},
        **(mail_server(url) if url else {}),
    }

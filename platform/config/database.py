"""Django's DATABASES from a postgresql:// address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlparse

from config.environment import Environment, database_name


def databases(env: Environment) -> dict[str, dict[str, Any]]:
    """The one alias there is.

    As the application: our wrapper (transaction-local path and role) on a pool. As the owner
    (migrations, template): django-tenants' stock backend without a pool.
    """
    if env.database_login == "owner":
        assert env.owner_database_url is not None
        return {
            "default": {
                **_address(env.owner_database_url.get_secret_value()),
                "ENGINE": "django_tenants.postgresql_backend",
            }
        }
    address = _address(env.database_url.get_secret_value())
    address["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.database_pool_size,
        "timeout": 10,
        # a backend's catalogue cache grows with every schema it has seen
        "max_lifetime": 1200,
    }
    return {
        "default": {
            **address,
            "ENGINE": "chains.postgresql",
            "CONN_MAX_AGE": 0,
            "ATOMIC_REQUESTS": True,
            "DISABLE_SERVER_SIDE_CURSORS": True,
        }
    }


def _address(url: str) -> dict[str, Any]:
    parts = urlparse(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "NAME": database_name(url),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }

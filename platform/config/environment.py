"""What the process is told from outside: one typed object that refuses to start on nonsense."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlparse

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.mail import mail_server

Mode = Literal["production", "demo", "development", "test"]


class Environment(BaseSettings):
    """Settings of one process. Names in the environment are the upper-case field names.

    `database_url` is the application's login; `owner_database_url` is set only for the provisioner
    and for one-off migration commands; `database_login` says which of the two this process uses.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    tessera_mode: Mode = "production"
    secret_key: SecretStr
    database_url: SecretStr
    owner_database_url: SecretStr | None = None
    listen_database_url: SecretStr | None = None
    database_login: Literal["app", "owner"] = "app"
    redis_url: SecretStr
    tessera_base: str = "localhost:8000"
    tessera_scheme: Literal["http", "https"] | None = None
    tessera_live_port: int | None = Field(default=None, ge=1, le=65535)
    tessera_data: Path = Path("var")
    # where collectstatic puts the files of this version; beside the data unless told
    tessera_static: Path | None = None
    # how many of our own proxies stand in front (chains.addresses); 0 believes no header
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    # of one process; fewer than a web process has threads, see docs/operations.md
    database_pool_size: int = Field(default=3, ge=1, le=100)
    pool_target: int = Field(default=5, ge=0, le=200)
    sentry_dsn: SecretStr | None = None
    # one of the two carries e-mail: a mail server (config.mail), or a provider of anymail with its settings
    email_url: SecretStr | None = None
    email_provider: str | None = Field(default=None, pattern=r"^[a-z_]+$")
    anymail: dict[str, SecretStr] = Field(default_factory=dict)
    email_timeout: int = Field(default=10, ge=1, le=60)
    email_from: str | None = None
    # whom owners write to; without it no page and no mail says "write to us"
    support_email: str | None = Field(default=None, pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)
    sms_channel: str | None = None
    # the payment provider; without a key nothing can be bought, chains stay on trial
    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    # where its API answers: Stripe's own unless a fake one on this machine is told (never in production)
    stripe_api_base: str | None = None
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_key")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 40:
            raise ValueError("SECRET_KEY is shorter than 40 characters; make one with `openssl rand -hex 32`")
        return value

    @field_validator("database_url", "owner_database_url", "listen_database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        url = urlparse(value.get_secret_value())
        if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/") or not url.username:
            raise ValueError("is not of the form postgresql://user:password@host:port/database")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        if urlparse(value.get_secret_value()).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("REDIS_URL is not of the form redis://:password@host:port/0")
        return value

    @field_validator("email_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            mail_server(value.get_secret_value())
        return value

    @field_validator("email_provider")
    @classmethod
    def _mail_provider(cls, value: str | None) -> str | None:
        if value is not None and find_spec(f"anymail.backends.{value}") is None:
            raise ValueError(f"EMAIL_PROVIDER: anymail has no provider {value}")
        return value

    @field_validator("stripe_secret_key")
    @classmethod
    def _stripe_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(
            r"(sk|rk)_(test|live)_[A-Za-z0-9]{8,}", value.get_secret_value()
        ):
            raise ValueError(
                "STRIPE_SECRET_KEY is not of the form sk_live_…, rk_live_…, sk_test_… or rk_test_…"
            )
        return value

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _stripe_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"whsec_[A-Za-z0-9]{16,}", value.get_secret_value()):
            raise ValueError("STRIPE_WEBHOOK_SECRET is not of the form whsec_…")
        return value

    @field_validator("stripe_api_base")
    @classmethod
    def _stripe_base(cls, value: str | None) -> str | None:
        if value is not None:
            url = urlparse(value)
            if url.scheme != "http" or url.hostname != "127.0.0.1" or url.path or not url.port:
                raise ValueError(
                    "STRIPE_API_BASE names the fake Stripe on this machine, http://127.0.0.1:<port>,"
                    " or is not set at all"
                )
        return value

    @field_validator("tessera_base")
    @classmethod
    def _base(cls, value: str) -> str:
        if "/" in value or value != value.lower() or not value:
            raise ValueError(
                "TESSERA_BASE is a lower-case host with an optional port, such as tessera.example"
            )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.database_login == "owner" and self.owner_database_url is None:
            raise ValueError("DATABASE_LOGIN=owner needs OWNER_DATABASE_URL")
        if self.email_url is not None and self.email_provider is not None:
            raise ValueError("EMAIL_URL and EMAIL_PROVIDER are two ways for the same mail: set one of them")
        if (self.stripe_secret_key is None) != (self.stripe_webhook_secret is None):
            raise ValueError("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET belong together: set both or none")
        if self.stripe_api_base is not None:
            if self.stripe_secret_key is None:
                raise ValueError("STRIPE_API_BASE needs STRIPE_SECRET_KEY")
            if self.tessera_mode == "production":
                raise ValueError("STRIPE_API_BASE is not for production: a fake Stripe takes no money")
            if "_live_" in self.stripe_secret_key.get_secret_value():
                raise ValueError("STRIPE_API_BASE with a live key would hand the key to a fake Stripe")
        if self.tessera_mode == "production":
            if self.email_url is None and self.email_provider is None:
                raise ValueError(
                    "EMAIL_URL (smtp+tls://user:password@host:587) or EMAIL_PROVIDER with ANYMAIL must say"
                    " how e-mail is sent in production (owners sign up by a code in a mail)"
                )
            if self.tessera_scheme == "http":
                raise ValueError("TESSERA_SCHEME must be https in production")
            if self.sms_channel is None:
                raise ValueError(
                    "SMS_CHANNEL must name the class that sends text messages in production"
                    " (a dotted path; members sign in by phone code)"
                )
        return self

    @property
    def is_demo(self) -> bool:
        """Whether demo conveniences (outbox page, demo logins, MFA not forced) are on."""
        return self.tessera_mode in {"demo", "development", "test"}

    @property
    def scheme(self) -> str:
        """https, except where the demo, development or tests say otherwise."""
        return self.tessera_scheme or ("http" if self.is_demo else "https")

    @property
    def payment_pages(self) -> list[str]:
        """The origins of the payment provider's own pages; none where it is not set up."""
        if self.stripe_secret_key is None:
            return []
        return [self.stripe_api_base or "https://checkout.stripe.com https://billing.stripe.com"]

    @property
    def base_host(self) -> str:
        """The platform's host without its port."""
        return self.tessera_base.partition(":")[0]

    @property
    def role_tag(self) -> str:
        """Six hex digits that tell this database's roles from another's in the same cluster."""
        return role_tag(database_name(self.database_url.get_secret_value()))


def database_name(url: str) -> str:
    """The database a postgresql:// address points to."""
    return unquote(urlparse(url).path.strip("/"))


def role_tag(name: str) -> str:
    """The tag of the roles that belong to the database `name`."""
    return hashlib.sha256(name.encode()).hexdigest()[:6]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The process's environment, read and checked once."""
    return Environment()  # type: ignore[call-arg]  # pydantic fills it from the environment

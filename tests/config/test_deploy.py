"""Production settings: Django's own check finds nothing, and nonsense does not start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.ground.plugin import ROOT

PAYMENTS = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE")
PRODUCTION = {
    "TESSERA_MODE": "production",
    "SECRET_KEY": "k3j5n7q2wzk3j5n7q2wzk3j5n7q2wzk3j5n7q2wz-k3j5n7q2wz",
    "DATABASE_URL": "postgresql://app:word@127.0.0.1:1/tessera",
    "REDIS_URL": "redis://:word@127.0.0.1:1/0",
    "SMS_CHANNEL": "chains.outgoing.EmailChannel",
    "EMAIL_URL": "smtp+tls://mailer:word@mail.example:587",
    "TESSERA_BASE": "tessera.example",
    "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
}


def _run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**PRODUCTION, **changed}.items() if value}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_deployment_check_finds_nothing_and_needs_no_server() -> None:
    done = _run("check", "--deploy", "--fail-level", "INFO")
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (1 silenced).\n")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY is shorter than 40 characters"),
        ("SMS_CHANNEL", "", "SMS_CHANNEL must name"),
        ("EMAIL_URL", "", "must say how e-mail is sent in production"),
        ("EMAIL_URL", "mail.example", "EMAIL_URL is not of the form"),
        ("EMAIL_URL", "smtp://mailer:word@mail.example", "a password and no encryption"),
        ("EMAIL_PROVIDER", "brevo", "set one of them"),
        ("EMAIL_PROVIDER", "pigeon", "anymail has no provider pigeon"),
        ("EMAIL_TIMEOUT", "0", "greater than or equal to 1"),
        ("DATABASE_URL", "mysql://a@b/c", "postgresql://"),
        ("TESSERA_SCHEME", "http", "must be https in production"),
    ],
)
def test_a_wrong_value_is_named_in_a_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import ValidationError

    from config.environment import Environment

    for variable in ("TESSERA_SCHEME", "OWNER_DATABASE_URL", "EMAIL_PROVIDER", *PAYMENTS, *PRODUCTION):
        monkeypatch.delenv(variable, raising=False)
    for variable, given in {**PRODUCTION, name: value}.items():
        if given:
            monkeypatch.setenv(variable, given)
    with pytest.raises(ValidationError, match=sentence):
        Environment()  # type: ignore[call-arg]

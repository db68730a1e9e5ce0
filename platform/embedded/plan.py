"""What the demo runs: the steps before it is ready, and the processes that stay.

Words in braces are filled in: {python}, {port}, {live_port}, {stripe_port}, {data}. The container images and any other
way of running Tessera use the same commands (docs/running.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Access = Literal["application", "owner"]
"""Whose address of the database a process is given. The owner's is for one-off steps and the provisioner."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the start: shown as `label`, run to its end as the owner.

    Its standard output is shown as it comes, all of it goes to logs/start.log. Where `unless_unchanged`
    names files (patterns below the project's root), the step is skipped while they are as they were and
    the folder that it `makes` (below the data, or the project) is there.
    """

    label: str
    argv: tuple[str, ...]
    unless_unchanged: tuple[str, ...] = ()
    makes: str = "."
    makes_in: Literal["data", "project"] = "data"


@dataclass(frozen=True, slots=True)
class Answers:
    """Healthy when GET `path` on that port of 127.0.0.1 answers 200."""

    port: Literal["port", "live_port", "stripe_port"]
    path: str


@dataclass(frozen=True, slots=True)
class Stays:
    """Healthy when it has run for `seconds` without ending."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Process:
    """A process that runs until the demo stops, and is started again when it ends by itself."""

    name: str
    argv: tuple[str, ...]
    health: Answers | Stays
    access: Access = "application"


MANAGE = ("{python}", "manage.py")
CELERY = ("{python}", "-m", "celery", "--app", "config.celery:app")

STAGES: tuple[Stage, ...] = (
    Stage(
        "Chinese texts",
        (*MANAGE, "translations"),
        unless_unchanged=("web/locale/parts/*.po", "web/translations.py"),
        makes="web/locale/zh_Hans",
        makes_in="project",
    ),
    Stage("Public schema, template, chains", (*MANAGE, "upgrade")),
    Stage("Demo chains", (*MANAGE, "seed_demo")),
    Stage(
        "Static files",
        (*MANAGE, "collectstatic", "--noinput", "--verbosity", "0"),
        unless_unchanged=("web/static/**/*", "requirements/base.txt"),
        makes="static",
    ),
)

PROCESSES: tuple[Process, ...] = (
    Process(
        "web",
        (
            *("{python}", "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}"),
            # Threads are bounded: each may hold a database connection.
            *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"),
            "config.wsgi:application",
        ),
        Answers("port", "/livez"),
    ),
    Process(
        "live",
        (
            *("{python}", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{live_port}"),
            # Streams never end by themselves: without a limit a stop would wait for every open page.
            *("--timeout-graceful-shutdown", "2", "--no-access-log"),
            "config.asgi_live:application",
        ),
        Answers("live_port", "/livez"),
    ),
    Process("worker", (*CELERY, "worker", "--concurrency", "2", "--loglevel", "INFO"), Stays(2)),
    Process("beat", (*CELERY, "beat", "--schedule", "{data}/beat-schedule", "--pidfile", ""), Stays(2)),
    Process("provisioner", (*MANAGE, "provisioner"), Stays(2), access="owner"),
)

# Takes no money; left out where the caller's environment names a Stripe account of its own.
FAKE_STRIPE = Process(
    "stripe",
    (
        *("{python}", "-m", "billing.fake_stripe", "--port", "{stripe_port}"),
        *("--data", "{data}/fake-stripe.sqlite", "--webhook-url", "http://localhost:{port}/hooks/stripe"),
    ),
    Answers("stripe_port", "/livez"),
)

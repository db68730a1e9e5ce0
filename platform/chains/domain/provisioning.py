"""From a verified sign-up to a chain that its owner can enter.

The work is a row: a provisioner leases the sign-up, and every transaction it makes in public first
locks that row and sees that the lease is still its own (the number of attempts is the fence). So a
process killed at any point leaves either nothing or finished steps; when its lease runs out, another
goes on where it stopped. Steps inside the chain are idempotent and run one at a time per chain.

    1. space and address: a ready schema out of the pool, Chain and Domain, all in one transaction
    2. the registered starters, each in the chain's scope, each recorded with its seconds
    3. trial terms, chain `trial`, sign-up `ready`, the owner told by email, in one transaction

After MAX_ATTEMPTS the sign-up has failed: its address is free at once, its schema is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sentry_sdk
import structlog
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext

from chains.domain.signup import ProvisioningFailed
from chains.domain.signup_fields import country_of
from chains.domain.slugs import SlugTaken, address_of, host_of
from chains.hosts import ChainInfo, announce_change
from chains.models import Chain, ChainState, Domain, Signup, SignupState, new_schema_name
from chains.outgoing import Message, send_message
from chains.ports import ChainStart, StartStep, start_steps, trial_terms
from chains.schemas.owner import owner_connection
from chains.schemas.pool import build_schema, claim_schema
from chains.scope import chain_scope, platform_scope

log = structlog.get_logger("provisioner")

LEASE = timedelta(seconds=15)
MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=1)

SPACE = "space"
ADDRESS = "address"
OPENING = "opening"


class LeaseLost(RuntimeError):
    """Another provisioner has taken the sign-up over; this one stops without a trace."""


class Stopped(RuntimeError):
    """The process was asked to stop between two steps."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt at one sign-up; it is this process's own while the row still counts this attempt."""

    signup_id: UUID
    attempt: int
    now: datetime


def step_names() -> list[str]:
    """Every step of setting up a chain, in order, as recorded in Signup.steps and shown to the owner."""
    return [SPACE, ADDRESS, *(step.name for step in start_steps()), OPENING]


def run_once(
    *,
    now: datetime,
    lease_for: timedelta = LEASE,
    max_attempts: int = MAX_ATTEMPTS,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Take one waiting sign-up and bring it as far as it goes; whether there was one.

    An error is logged and the sign-up tried again later; after `max_attempts` it has failed.
    """
    lease = _take_lease(now=now, lease_for=lease_for)
    if lease is None:
        return False
    started = time.monotonic()
    try:
        if lease.attempt > max_attempts:
            fail_signup(lease, ProvisioningFailed.code)
        else:
            _provision(lease, stopping=stopping)
            log.info("chain_ready", signup=str(lease.signup_id), seconds=round(time.monotonic() - started, 3))
    except LeaseLost:
        log.warning("lease_lost", signup=str(lease.signup_id))
    except Stopped:
        _give_back(lease, at=now)
    except SlugTaken:
        fail_signup(lease, SlugTaken.code)
    except Exception:
        log.exception("provisioning_error", signup=str(lease.signup_id), attempt=lease.attempt)
        sentry_sdk.capture_exception()
        _give_back(lease, at=now + RETRY_AFTER * lease.attempt)
    return True


def fail_signup(lease: Lease, code: str) -> None:
    """Give up: the sign-up has failed, and its address is free from this transaction on.

    The schema is dropped afterwards by housekeeping (domain/pooling.py), which needs the owner's login.
    """
    with platform_scope():
        signup = _own(lease)
        signup.state = SignupState.FAILED
        signup.problem = {"code": code}
        signup.password_hash = ""
        signup.save(update_fields=["state", "problem", "password_hash"])
        if signup.chain_id is not None:
            Domain.objects.filter(tenant_id=signup.chain_id).delete()
            Chain.objects.filter(id=signup.chain_id).update(
                state=ChainState.CLOSED, state_reason="sign-up failed"
            )
            announce_change()
    log.error("signup_failed", signup=str(lease.signup_id), code=code, attempts=lease.attempt)


def _take_lease(*, now: datetime, lease_for: timedelta) -> Lease | None:
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chains_signup SET leased_until = %s, attempts = attempts + 1 WHERE id = ("
            " SELECT id FROM chains_signup WHERE state = 'provisioning'"
            " AND (leased_until IS NULL OR leased_until <= %s)"
            " ORDER BY leased_until NULLS FIRST, id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, attempts",
            (now + lease_for, now),
        )
        row = cursor.fetchone()
    return Lease(signup_id=row[0], attempt=row[1], now=now) if row else None


def _own(lease: Lease) -> Signup:
    """The sign-up, locked until the end of the transaction. Raises LeaseLost unless the lease is ours."""
    signup = Signup.objects.select_for_update().filter(
        id=lease.signup_id, attempts=lease.attempt, state=SignupState.PROVISIONING
    )
    found = signup.first()
    if found is None:
        raise LeaseLost
    return found


def _give_back(lease: Lease, *, at: datetime) -> None:
    with platform_scope():
        Signup.objects.filter(
            id=lease.signup_id, attempts=lease.attempt, state=SignupState.PROVISIONING
        ).update(leased_until=at)


def _provision(lease: Lease, *, stopping: Callable[[], bool]) -> None:
    chain, start, done = _ensure_chain(lease)
    for step in start_steps():
        if stopping():
            raise Stopped
        if step.name not in done:
            seconds = _run_step(step, start)
            with platform_scope():
                signup = _own(lease)
                _record_step(signup, step.name, seconds)
                signup.save(update_fields=["steps"])
    _finish(lease, chain)


def _ensure_chain(lease: Lease) -> tuple[ChainInfo, ChainStart, set[str]]:
    """The sign-up's chain, made if it has none; with what starters are told, and the steps done before.

    Where the pool is empty a schema is built (well under 5 s) and put into the pool first, so that a
    crash leaves a ready schema and no orphan; another provisioner may snatch it, hence the rounds.
    """
    began = time.monotonic()
    for _round in range(100):
        with platform_scope():
            signup = _own(lease)
            chain = signup.chain or _make_chain(signup, began=began)
            if chain is not None:
                info = ChainInfo.of(chain)
                start = ChainStart(
                    chain=info,
                    owner_email=signup.email,
                    owner_password_hash=signup.password_hash,
                    owner_name=signup.owner_name or signup.email.partition("@")[0],
                    now=lease.now,
                )
                return info, start, {step["name"] for step in signup.steps}
        with owner_connection() as owner:
            build_schema(owner, new_schema_name())
    raise RuntimeError("a hundred schemas were built and all of them taken by others")


def _make_chain(signup: Signup, *, began: float) -> Chain | None:
    """Chain and Domain on a ready schema; None where the pool is empty. Raises SlugTaken."""
    schema = claim_schema()
    if schema is None:
        return None
    _record_step(signup, SPACE, time.monotonic() - began)
    addressed = time.monotonic()
    try:
        with transaction.atomic():
            chain: Chain = Chain.objects.create(
                slug=signup.slug,
                name=signup.brand,
                schema_name=schema,
                state=ChainState.PROVISIONING,
                verticals=signup.verticals,
                locale=signup.locale,
                time_zone=signup.time_zone,
                currency=signup.currency,
                country=country_of(signup.time_zone, locale=signup.locale),
            )
            Domain.objects.create(domain=host_of(signup.slug), tenant=chain, is_primary=True)
    except IntegrityError as error:
        raise SlugTaken(params={"slug": signup.slug}) from error
    _record_step(signup, ADDRESS, time.monotonic() - addressed)
    signup.chain = chain
    signup.save(update_fields=["chain", "steps"])
    return chain


def _run_step(step: StartStep, start: ChainStart) -> float:
    began = time.monotonic()
    with chain_scope(start.chain):
        with connection.cursor() as cursor:
            # a process that lost its lease unawares must not run the same step beside its successor
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (start.chain.schema_name,))
        step.run(start)
    return time.monotonic() - began


def _finish(lease: Lease, chain: ChainInfo) -> None:
    began = time.monotonic()
    with platform_scope():
        signup = _own(lease)
        terms = trial_terms(now=lease.now)
        Chain.objects.filter(id=chain.id).update(
            state=ChainState.TRIAL,
            plan=terms.plan,
            trial_ends_at=terms.ends_at,
            entitlements=terms.entitlements,
        )
        signup.state = SignupState.READY
        signup.password_hash = ""  # the owner's account has it now
        _record_step(signup, OPENING, time.monotonic() - began)
        signup.save(update_fields=["state", "password_hash", "steps"])
        announce_change()
        _tell_owner(signup, now=lease.now)


def _record_step(signup: Signup, name: str, seconds: float) -> None:
    signup.steps = [*signup.steps, {"name": name, "seconds": round(seconds, 3)}]


def _tell_owner(signup: Signup, *, now: datetime) -> None:
    address = address_of(signup.slug)
    with translation.override(signup.locale):
        message = Message(
            channel="email",
            to=signup.email,
            subject=gettext("%(brand)s is ready") % {"brand": signup.brand},
            text=gettext(
                "%(brand)s is set up. Your guests will find it at\n%(address)s\n\n"
                "Log in with this email address and your password at\n%(login)s"
            )
            % {"brand": signup.brand, "address": address, "login": f"{address}/staff/login/"},
        )
    # aside: the next sign-up does not wait for a slow mail server
    send_message(message, now=now, chain=signup.slug, aside=True)

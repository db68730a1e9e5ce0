"""Self-service sign-up, up to the moment the provisioner takes over.

    verify_email --right code, address still free--> provisioning --provisioner--> ready | failed

The address is claimed at verification, by the unique constraints on sign-ups that are being set up
(models.py). Only then are chains looked at: a sign-up that became ready in between left its chain there.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chains.domain.signup_fields import SignupFields, check_password_choice, clean_fields
from chains.domain.slugs import SlugConfusable, SlugTaken, address_of, check_free, check_slug, normalise_slug
from chains.models import Signup, SignupState
from chains.outgoing import Message, send_message
from chains.ports import offered_verticals
from chains.refusals import Refusal, TooManyRequests
from chains.throttle import count_request

CODE_VALID = timedelta(minutes=5)
CODE_TRIES = 5
RESEND_AFTER = timedelta(minutes=1)
_HOUR = 3600
CODES_PER_EMAIL = 10
SIGNUPS_PER_ADDRESS = 300


class CodeWrong(Refusal):
    """The code is not the one that was sent."""

    code = "code_wrong"
    title = _("Not this code")
    detail = _("This is not the code we sent. Tries left: %(left)d.")
    fix = _("Look for the newest email from us and enter its six digits.")


class CodeExpired(Refusal):
    """The code is older than five minutes, or was tried five times."""

    code = "code_expired"
    title = _("This code no longer works")
    detail = _("A code works for five minutes and five tries.")
    fix = _("Ask for a new code and enter that one.")


class SignupUnknown(Refusal):
    """There is no such sign-up."""

    code = "not_found"
    status = 404
    title = _("Not found")
    detail = _("There is no sign-up at this address.")
    fix = _("Start again from the first page.")


class ProvisioningFailed(Refusal):
    """Setting up did not work; nothing was kept and the address is free again."""

    code = "provisioning_failed"
    status = 503
    title = _("Setting up did not work")
    detail = _("We could not set up your chain. Nothing was kept, and “%(slug)s” is free again.")
    fix = _("Start again in a few minutes. We have been told and are looking into it.")


@dataclass(frozen=True, slots=True)
class Asker:
    """Where a sign-up comes from: the network address, and the hash of the browser's secret ('' if none)."""

    address: str = ""
    browser_hash: str = ""


def start_signup(sent: SignupFields, *, now: datetime, by: Asker, password_later: bool = False) -> Signup:
    """Check the fields, keep the wish, send the code. Nothing is claimed yet.

    With `password_later` the password may be empty; verify_signup then asks for it.
    Raises the refusals of clean_fields, and TooManyRequests (10 codes an hour per email address,
    300 sign-ups a minute per network address).
    """
    clean = clean_fields(sent, offered_verticals=offered_verticals(), password_later=password_later)
    if by.address:
        count_request("signup", by.address, limit=SIGNUPS_PER_ADDRESS, seconds=60)
    count_request("signup-code", clean.email, limit=CODES_PER_EMAIL, seconds=_HOUR)
    signup = Signup(
        brand=clean.brand,
        slug=clean.slug,
        email=clean.email,
        password_hash=make_password(clean.password) if clean.password else "",
        owner_name=clean.owner_name,
        verticals=list(clean.verticals),
        locale=clean.locale,
        time_zone=clean.time_zone,
        currency=clean.currency,
        browser_hash=by.browser_hash,
    )
    code = _renew_code(signup, now=now)
    signup.save(force_insert=True)
    _send_code(signup, code, now=now)
    return signup


def find_signup(signup_id: UUID) -> Signup:
    """The sign-up. Raises SignupUnknown."""
    signup = Signup.objects.select_related("chain").filter(id=signup_id).first()
    if signup is None:
        raise SignupUnknown
    return signup


def resend_code(signup_id: UUID, *, now: datetime) -> Signup:
    """Send a fresh code; the older one stops working. Once a minute, ten an hour per email address.

    Raises SignupUnknown, TooManyRequests. A sign-up that is verified already is returned as it is.
    """
    signup = Signup.objects.select_for_update().filter(id=signup_id).first()
    if signup is None:
        raise SignupUnknown
    if signup.state != SignupState.VERIFY_EMAIL:
        return signup
    if signup.code_sent_at is not None and now - signup.code_sent_at < RESEND_AFTER:
        raise TooManyRequests(retry_after=int((signup.code_sent_at + RESEND_AFTER - now).total_seconds()) + 1)
    count_request("signup-code", signup.email, limit=CODES_PER_EMAIL, seconds=_HOUR)
    code = _renew_code(signup, now=now)
    signup.save(update_fields=["code_hash", "code_sent_at", "code_tries"])
    _send_code(signup, code, now=now)
    return signup


def verify_signup(signup_id: UUID, *, code: str, now: datetime, password: str = "") -> Signup:
    """Take the code and claim the address; the sign-up then waits for the provisioner.

    `password` is used where none was chosen at the start. A sign-up that is verified already is
    returned as it is. Raises SignupUnknown, SignupIncomplete (the password; no try is counted),
    CodeWrong, CodeExpired, and SlugTaken or SlugConfusable where another was faster. Each try is
    counted before it is looked at: a caller must let the transaction commit although a refusal was
    raised.
    """
    _require_password(find_signup(signup_id), password)
    counted = Signup.objects.filter(
        id=signup_id, state=SignupState.VERIFY_EMAIL, code_tries__lt=CODE_TRIES
    ).update(code_tries=F("code_tries") + 1)
    signup = find_signup(signup_id)
    if signup.state != SignupState.VERIFY_EMAIL:
        return signup
    if not counted or signup.code_sent_at is None or now >= signup.code_sent_at + CODE_VALID:
        raise CodeExpired
    if not constant_time_compare(_hash_code(signup, _digits(code)), signup.code_hash):
        left = CODE_TRIES - signup.code_tries
        raise CodeWrong(params={"left": left})
    with transaction.atomic():
        if not signup.password_hash:
            signup.password_hash = make_password(password)
        _claim_slug(signup)
    return signup


def change_slug(signup_id: UUID, *, slug: str) -> Signup:
    """Wish for another address before the sign-up is verified. Raises the refusals of check_slug."""
    wanted = normalise_slug(slug)
    check_slug(wanted)
    Signup.objects.filter(id=signup_id, state=SignupState.VERIFY_EMAIL).update(slug=wanted)
    return find_signup(signup_id)


def browser_hash(secret: str) -> str:
    """What is kept of the secret that a browser signs up with; '' for none."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def signup_problem(signup: Signup) -> Refusal | None:
    """Why a sign-up failed, as a refusal to show; None where it did not."""
    if signup.state != SignupState.FAILED:
        return None
    code = (signup.problem or {}).get("code")
    kinds: dict[str | None, type[Refusal]] = {SlugTaken.code: SlugTaken, SlugConfusable.code: SlugConfusable}
    return kinds.get(code, ProvisioningFailed)(params={"slug": signup.slug})


def _require_password(signup: Signup, password: str) -> None:
    if signup.state == SignupState.VERIFY_EMAIL and not signup.password_hash:
        check_password_choice(password, email=signup.email, name=signup.owner_name or signup.brand)


def _claim_slug(signup: Signup) -> None:
    """Claim first, look at chains after: see the module's docstring for why this order."""
    signup.state = SignupState.PROVISIONING
    signup.code_hash = ""
    try:
        with transaction.atomic():
            signup.save(update_fields=["state", "code_hash", "password_hash"])
    except IntegrityError:
        check_free(signup.slug, but_signup=signup.id)
        raise SlugTaken(params={"slug": signup.slug}) from None  # the winner let go a moment ago
    check_free(signup.slug, but_signup=signup.id)


def _renew_code(signup: Signup, *, now: datetime) -> str:
    code = f"{secrets.randbelow(1_000_000):06}"
    signup.code_hash = _hash_code(signup, code)
    signup.code_sent_at = now
    signup.code_tries = 0
    return code


def _hash_code(signup: Signup, code: str) -> str:
    # keyed, since a bare hash of six digits is undone by trying all of them
    return salted_hmac("chains.signup.code", f"{signup.id}:{code}", algorithm="sha256").hexdigest()


def _digits(typed: str) -> str:
    return "".join(character for character in typed if character in "0123456789")


def _send_code(signup: Signup, code: str, *, now: datetime) -> None:
    with translation.override(signup.locale):
        message = Message(
            channel="email",
            to=signup.email,
            subject=gettext("%(code)s is your code for %(brand)s") % {"code": code, "brand": signup.brand},
            text=gettext(
                "Enter this code to open %(brand)s on Tessera:\n\n%(code)s\n\n"
                "It works for 5 minutes. Your address will be %(address)s\n\n"
                "If you did not ask for it, ignore this email: nothing will happen."
            )
            % {"brand": signup.brand, "code": code, "address": address_of(signup.slug)},
            code=code,
        )
    send_message(message, now=now)

"""A chain ordered by an operator: a sign-up that needs no code, since the operator answers for the address."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError

from chains.domain.signup_fields import SignupFields, clean_fields
from chains.domain.slugs import SlugTaken, check_free
from chains.models import Signup, SignupState
from chains.ports import offered_verticals
from chains.scope import platform_scope


def order_chain(wanted: SignupFields, *, now: datetime) -> Signup:
    """Claim the address and leave the rest to the provisioner, as for a verified sign-up.

    Raises the refusals of clean_fields, and SlugTaken where another was faster.
    """
    clean = clean_fields(wanted, offered_verticals=offered_verticals())
    try:
        with platform_scope():
            signup = Signup.objects.create(
                brand=clean.brand,
                slug=clean.slug,
                email=clean.email,
                password_hash=make_password(clean.password),
                owner_name=clean.owner_name,
                verticals=list(clean.verticals),
                locale=clean.locale,
                time_zone=clean.time_zone,
                currency=clean.currency,
                state=SignupState.PROVISIONING,
                code_sent_at=now,
            )
            check_free(clean.slug, but_signup=signup.id)
    except IntegrityError:
        raise SlugTaken(params={"slug": clean.slug}) from None
    return signup

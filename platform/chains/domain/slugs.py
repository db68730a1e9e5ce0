"""Addresses of chains: what a slug may look like, which words are kept back, and who it is mistaken for.

A slug becomes a host name (`<slug>.<base>`), so the rules are those of a DNS label and a bit narrower.
Two slugs with one skeleton are look-alikes: dashes fall away, `rn` reads as `m`, `vv` as `w`, and the
characters that a hurried eye swaps become one. The database computes the same skeleton (models.py), so
that a look-alike is found by an index.

    qibai   q1bai   qi-bai   q-lbai      -> qlbai
    modern  modem   m0dern               -> modem
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chains.models import (
    SKELETON_LETTERS,
    SKELETON_PAIRS,
    Chain,
    ChainState,
    Domain,
    Signup,
    SignupState,
)
from chains.refusals import Refusal

MIN_LENGTH = 3
MAX_LENGTH = 30
_SHAPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LETTERS = str.maketrans(*SKELETON_LETTERS)

# Hosts of our own, hosts that software looks for by itself, and words that lend false authority.
RESERVED = frozenset(
    """
    www www1 www2 web site home root host hosts localhost local internal intranet
    api apis app apps admin admins administrator console dashboard panel control manage manager
    operator operators ops sys system status health live livez readyz metrics monitor grafana sentry
    static assets cdn media img images image files file download downloads upload uploads
    mail email webmail smtp imap pop pop3 mx mx1 mx2 newsletter postmaster hostmaster abuse security
    ns ns1 ns2 ns3 dns ftp sftp ssh vpn proxy gateway git svn repo registry
    autoconfig autodiscover wpad isatap mta-sts well-known
    auth login logout signin signup sign-up register account accounts oauth sso id identity password
    staff workbench members member shop shops store stores book booking bookings checkout till pay
    payment payments billing invoice invoices pricing plans subscribe webhook webhooks callback
    help support docs documentation blog news about contact legal terms privacy press careers jobs
    dev develop developer developers staging stage test testing tests demo sandbox beta alpha preview
    prod production example examples null none undefined true false anonymous everyone
    tessera tessera-app tessera-hq tesserae official team verify verified trust
    stripe alipay wechat weixin wechatpay douyin
    """.split()  # noqa: SIM905
)


class SlugInvalid(Refusal):
    """The address is not of the permitted form; `detail` says what is wrong with it."""

    code = "slug_invalid"
    title = _("This address will not work")
    detail = _("An address is made of small letters, digits and single dashes.")
    fix = _("Use 3 to 30 small letters or digits, with single dashes between them: “qibai-skin”.")

    def __init__(self, sentence: str | Promise | None = None) -> None:
        super().__init__()
        self._sentence = sentence

    def sentence(self) -> str:
        """The one thing that is wrong, in the active language."""
        return super().sentence() if self._sentence is None else str(self._sentence)


class SlugReserved(Refusal):
    """The word is kept for the platform."""

    code = "slug_reserved"
    title = _("This word is kept back")
    detail = _("“%(slug)s” is kept for the platform itself.")
    fix = _("Choose another address, such as “%(slug)s-studio”.")


class SlugConfusable(Refusal):
    """The address reads like one that exists, or like a word of the platform."""

    code = "slug_confusable"
    title = _("Too much like another address")
    detail = _("“%(slug)s” reads too much like an address that exists, so guests would mix them up.")
    fix = _("Add a word of your own, such as your city: “%(slug)s-city”.")


class SlugTaken(Refusal):
    """Another chain has the address."""

    code = "slug_taken"
    status = 409
    title = _("This address is taken")
    detail = _("“%(slug)s” already belongs to another chain.")
    fix = _("Choose another address, such as “%(slug)s-city”.")


def normalise_slug(text: str) -> str:
    """What a person typed, without spaces around it and in small letters."""
    return text.strip().lower()


def skeleton(slug: str) -> str:
    """What the slug reads like at a glance; equal skeletons are look-alikes."""
    text = slug
    for pair, reading in SKELETON_PAIRS:
        text = text.replace(pair, reading)
    return text.translate(_LETTERS)


@lru_cache(maxsize=1)
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(skeleton(word) for word in RESERVED | {settings.BASE_HOST.partition(".")[0]})


def check_form(slug: str) -> None:
    """Raise SlugInvalid, SlugReserved or SlugConfusable (with a reserved word) by the text alone."""
    if not MIN_LENGTH <= len(slug) <= MAX_LENGTH:
        raise SlugInvalid(_("An address has 3 to 30 characters."))
    if slug.startswith("-") or slug.endswith("-"):
        raise SlugInvalid(_("An address does not begin or end with a dash."))
    if "--" in slug:
        raise SlugInvalid(_("An address has no two dashes in a row."))
    if not _SHAPE.fullmatch(slug):
        raise SlugInvalid
    if slug in RESERVED:
        raise SlugReserved(params={"slug": slug})
    if skeleton(slug) in _reserved_skeletons():
        raise SlugConfusable(params={"slug": slug})


def check_slug(slug: str) -> None:
    """Raise a refusal unless a new chain could have this address at this moment.

    SlugInvalid, SlugReserved, SlugConfusable, SlugTaken. What it lets through is not held: the address
    is claimed when the sign-up is verified (domain/signup.py).
    """
    check_form(slug)
    check_free(slug)


def check_free(slug: str, *, but_signup: object | None = None) -> None:
    """Raise SlugTaken or SlugConfusable where a chain, or a sign-up being set up, stands in the way."""
    reads_like = skeleton(slug)
    found = set(
        Chain.objects.filter(slug_skeleton=reads_like)
        .exclude(state=ChainState.CLOSED)
        .values_list("slug", flat=True)
    )
    found.update(
        Signup.objects.filter(slug_skeleton=reads_like, state=SignupState.PROVISIONING)
        .exclude(id=but_signup)
        .values_list("slug", flat=True)
    )
    if slug in found or Domain.objects.filter(domain=host_of(slug)).exists():
        raise SlugTaken(params={"slug": slug})
    if found:
        raise SlugConfusable(params={"slug": slug})


def host_of(slug: str) -> str:
    """The host name of a chain with this slug, without a port."""
    return f"{slug}.{settings.BASE_HOST}"


def address_of(slug: str) -> str:
    """The web address of a chain with this slug, as printed and linked."""
    return f"{settings.SCHEME}://{slug}.{settings.BASE}"

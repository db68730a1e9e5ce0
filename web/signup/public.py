"""The platform's other pages: prices, help, terms, privacy, and the door to a chain's own log-in."""

from __future__ import annotations

from collections.abc import Callable

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods

from billing.domain.plans import PlanCard, plans_on_sale
from chains.domain.entitlements import Limit
from chains.domain.slugs import address_of, normalise_slug
from chains.hosts import chain_at
from web.plan_limits import limit_words
from web.signup.industries import industry_words

_SHOWN = ("CNY", "USD", "EUR", "GBP", "HKD", "SGD", "JPY")


@require_GET
def pricing(request: HttpRequest) -> HttpResponse:
    """The plans on sale, in one currency at a time."""
    language = get_language() or "en"
    currency = request.GET.get("currency", "CNY" if language.startswith("zh") else "USD")
    if currency not in _SHOWN:
        currency = "USD"
    plans = [_plan_row(plan, currency) for plan in plans_on_sale(language=language)]
    tabs = [
        {"label": code, "url": f"{reverse('pricing')}?currency={code}", "current": code == currency}
        for code in _SHOWN
    ]
    return render(
        request, "signup/pricing.html", {"plans": plans, "currencies": tabs, "login_url": reverse("login")}
    )


def text_page(template: str) -> Callable[[HttpRequest], HttpResponse]:
    """A page of nothing but words, such as the terms, in the visitor's language."""

    @require_GET
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, template, {"login_url": reverse("login")})

    return page


@csp_update({"form-action": ["'self'", f"{settings.SCHEME}://*.{settings.BASE}"]})
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Ask for the chain's address and send on to its own log-in; nobody signs in here."""
    context: dict[str, object] = {"suffix": f".{settings.BASE}", "industry_words": industry_words()}
    if request.method == "POST":
        typed = request.POST.get("address", "")[:300]
        slug = slug_in(typed)
        if slug and chain_at(f"{slug}.{settings.BASE_HOST}") is not None:
            return HttpResponseRedirect(f"{address_of(slug)}/staff/login/")
        context["typed"] = slug or typed
        context["error"] = gettext(
            "No chain lives at this address. Look it up in the email from your sign-up."
        )
    return render(request, "signup/login.html", context, status=422 if "error" in context else 200)


def slug_in(typed: str) -> str:
    """The slug in what a person typed or pasted: `qibai`, `qibai.tessera.example`, or the whole link."""
    host = normalise_slug(typed).partition("://")[2] or normalise_slug(typed)
    host = host.partition("/")[0].partition(":")[0]
    slug = host.removesuffix(f".{settings.BASE_HOST}")
    return slug if slug.replace("-", "").isalnum() and slug.isascii() else ""


def _plan_row(plan: PlanCard, currency: str) -> dict[str, object]:
    price = plan.price_in(currency)
    return {
        "plan": plan,
        "month": price.month,
        "year": price.year,
        "currency": price.currency,
        "store_month": price.store_month,
        "limits": [limit_words(plan, limit) for limit in Limit],
    }

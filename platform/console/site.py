"""The console's site: who may enter, under which policy its pages run, what its first page shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.sites import UnfoldAdminSite

from accounts.models import User
from chains.refusals import Refusal
from console.dashboard import first_page
from console.domain.access import factor_address, has_factor, new_factor_key, set_up_factor, sign_in_operator
from console.forms import FactorForm, SignInForm
from console.qr import qr_svg
from console.revenue import revenue_page

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
FACTOR_SESSION = "console_factor"
KEY_SESSION = "console_factor_key"

# unfold's Alpine evaluates expressions and sets style attributes: allowed on the console's pages alone.
console_policy = csp_update({"script-src": [UNSAFE_EVAL], "style-src-attr": [UNSAFE_INLINE]})

View = Callable[..., HttpResponse]


class ConsoleSite(UnfoldAdminSite):
    """Operators only, on the platform's host only, with a second factor where settings ask for it."""

    site_title = "Tessera"
    site_header = "Tessera"
    index_title = _("Overview")
    index_template = "console/index.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the session is an operator's and complete."""
        return _is_operator(request) and (
            not settings.OPERATORS_NEED_MFA or request.session.get(FACTOR_SESSION) is True
        )

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page of the console runs under its own policy."""
        guarded: View = console_policy(super().admin_view(view, cacheable))  # type: ignore[assignment]
        return guarded

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """unfold would write its colours into a style element; ours stand in console/theme.css."""
        return {**super().each_context(request), "colors": None, "border_radius": None}

    def get_urls(self) -> list[URLPattern]:
        """The library's, the set-up of the second factor, and revenue."""
        return [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("revenue/", self.admin_view(self.revenue), name="revenue"),
            *super().get_urls(),
        ]

    def revenue(self, request: HttpRequest) -> TemplateResponse:
        """MRR and churn by month, as chart and table; from our own tables."""
        context = {**self.each_context(request), **revenue_page(now=timezone.now())}
        return TemplateResponse(request, "console/revenue.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Figures from the public tables."""
        page: TemplateResponse = super().index(
            request, {**first_page(now=timezone.now()), **(extra_context or {})}
        )
        return page

    @method_decorator(console_policy)
    @method_decorator(never_cache)
    @method_decorator(csrf_protect)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """E-mail, password and, where it is set up, the app's code."""
        onward = _onward(request)
        if self.has_permission(request):
            return HttpResponseRedirect(onward)
        if _is_operator(request):
            return HttpResponseRedirect(reverse("admin:second_factor"))
        form = SignInForm(request.POST or None)
        refusal: Refusal | None = None
        if request.method == "POST" and form.is_valid():
            try:
                user, proved = sign_in_operator(**form.cleaned_data)
            except Refusal as refused:
                refusal = refused
            else:
                login(request, user, backend=BACKEND)
                request.session[FACTOR_SESSION] = proved
                return HttpResponseRedirect(onward)
        return self._page(request, "console/sign_in.html", form, refusal, title=_("Sign in"), onward=onward)

    @method_decorator(console_policy)
    @method_decorator(never_cache)
    @method_decorator(csrf_protect)
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Set up the second factor, once; whoever has one proves it when signing in."""
        user = request.user
        if not _is_operator(request) or not isinstance(user, User):
            return HttpResponseRedirect(reverse("admin:login"))
        if has_factor(user):
            if not self.has_permission(request):
                logout(request)  # set up elsewhere in the meantime: sign in with it
            return HttpResponseRedirect(reverse("admin:index"))
        key = request.session.get(KEY_SESSION) or new_factor_key()
        request.session[KEY_SESSION] = key
        form = FactorForm(request.POST or None)
        refusal: Refusal | None = None
        if request.method == "POST" and form.is_valid():
            try:
                set_up_factor(user, key=key, code=form.cleaned_data["code"])
            except Refusal as refused:
                refusal = refused
            else:
                request.session.cycle_key()
                request.session.pop(KEY_SESSION)
                request.session[FACTOR_SESSION] = True
                messages.success(request, _("Your second factor is set up."))
                return HttpResponseRedirect(reverse("admin:index"))
        return self._page(
            request,
            "console/second_factor.html",
            form,
            refusal,
            title=_("Set up your second factor"),
            key=" ".join(key[start : start + 4] for start in range(0, len(key), 4)),
            qr=qr_svg(factor_address(user, key, issuer=settings.MFA_TOTP_ISSUER)),
        )

    @method_decorator(console_policy)
    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """End the session; only by POST."""
        if request.method == "POST":
            logout(request)
        return HttpResponseRedirect(reverse("admin:login"))

    def _page(
        self,
        request: HttpRequest,
        template: str,
        form: SignInForm | FactorForm,
        refusal: Refusal | None,
        **context: object,
    ) -> HttpResponse:
        status = refusal.status if refusal is not None else 200
        answer = TemplateResponse(
            request,
            template,
            {**self.each_context(request), "form": form, "refusal": refusal, **context},
            status=status,
        )
        if refusal is not None and "retry_after" in refusal.extra:
            answer.headers["Retry-After"] = str(refusal.extra["retry_after"])
        return answer


def _is_operator(request: HttpRequest) -> bool:
    user = request.user
    return (
        getattr(request, "chain", None) is None
        and isinstance(user, User)
        and user.is_active
        and user.is_operator
    )


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    home = reverse("admin:index")
    return (
        wanted if safe and wanted.startswith(home) and not wanted.startswith(reverse("admin:login")) else home
    )


console = ConsoleSite(name="admin")

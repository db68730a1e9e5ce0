"""Routes of an employee's account: signing in and out, second factor, invitation. Sign-up is closed."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from django.urls import URLPattern, URLResolver, include, path, re_path

from web.staff import views

# Names are the library's: its views look each other up by them.
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="staff_home"),
    path("invitation/<str:secret>/", views.invitation, name="staff_invitation"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", views.closed, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("mfa/", factors.index, name="mfa_index"),
    path("mfa/authenticate/", factors.authenticate, name="mfa_authenticate"),
    path("mfa/reauthenticate/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("mfa/totp/", include("allauth.mfa.totp.urls")),
    path("mfa/recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
    path("arrive/", include("web.staff.urls_arrival")),
]

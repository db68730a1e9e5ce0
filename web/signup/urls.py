"""Routes of web.signup."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.signup import public, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("address", views.address, name="signup_address"),
    path("signups/<uuid:signup_id>/", views.signup, name="signup"),
    path("signups/<uuid:signup_id>/verify", views.verify, name="signup_verify"),
    path("signups/<uuid:signup_id>/code", views.resend, name="signup_resend"),
    path("signups/<uuid:signup_id>/address", views.another_address, name="signup_another_address"),
    path("signups/<uuid:signup_id>/progress", views.progress, name="signup_progress"),
    path("signups/<uuid:signup_id>/arrive", views.arrive, name="signup_arrive"),
    path("pricing/", public.pricing, name="pricing"),
    path("login/", public.login, name="login"),
    path("help/", public.text_page("signup/help.html"), name="help"),
    path("terms/", public.text_page("signup/terms.html"), name="terms"),
    path("privacy/", public.text_page("signup/privacy.html"), name="privacy"),
]

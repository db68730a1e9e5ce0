"""Routes of the member's pages on a chain's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.feeds import calendar_feed
from web.storefront import (
    account,
    around,
    mine,
    paying,
    pickups,
    seats,
    sessions,
    taking,
    theme,
    together,
    views,
    waiting,
    why,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.shop, name="shop"),
    path("theme.css", theme.theme, name="theme"),
    path("book/<uuid:service_id>/", views.times, name="times"),
    path("book/<uuid:service_id>/why/", why.why, name="why"),
    path("book/<uuid:service_id>/month/", around.month, name="month"),
    path("book/<uuid:service_id>/stores/", around.stores, name="other_stores"),
    path("book/<uuid:service_id>/take/", taking.take, name="take"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<uuid:session_id>/take/", seats.take_seat, name="take_seat"),
    path("pickup/", pickups.pickup, name="pickup"),
    path("confirm/<uuid:booking_id>/", taking.confirm, name="confirm"),
    path("confirm/<uuid:booking_id>/extend/", taking.extend, name="extend"),
    path("confirm/<uuid:booking_id>/drop/", taking.drop, name="drop"),
    path("confirm/<uuid:booking_id>/resend/", taking.resend, name="resend"),
    path("my/", mine.my_bookings, name="my_bookings"),
    path("waiting/join/<uuid:service_id>/", waiting.join, name="waiting_join"),
    path("waiting/offer/<str:token>/", waiting.offer, name="waiting_offer"),
    path("waiting/<uuid:wish_id>/leave/", waiting.leave, name="waiting_leave"),
    path("my/sign-in/", account.enter, name="sign_in"),
    path("my/sign-in/resend/", account.resend, name="resend_sign_in"),
    path("my/sign-out/", account.leave, name="sign_out"),
    path("my/profile/", account.profile, name="profile"),
    path("my/calendar/", account.feed, name="member_feed"),
    path("calendar/<str:token>.ics", calendar_feed, name="calendar_feed"),
    path("my/<uuid:booking_id>/", mine.ticket, name="ticket"),
    path("my/<uuid:booking_id>/repeat/", together.repeat, name="repeat"),
    path("my/<uuid:booking_id>/bring/", together.bring, name="bring"),
    path("my/<uuid:booking_id>/cancel/", mine.cancel, name="cancel"),
    path("my/<uuid:booking_id>/pay/", paying.pay, name="pay"),
    path("my/<uuid:booking_id>/move/", mine.move, name="move"),
    path("my/<uuid:booking_id>/calendar.ics", mine.calendar, name="calendar"),
]

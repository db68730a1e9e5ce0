"""Routes of web.workbench."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.workbench import (
    acts,
    booking_form,
    calling_off,
    cancelling,
    days,
    following,
    live,
    owed,
    party,
    placing,
    printing,
    redeem,
    scheduled,
    sessions,
    together,
    waiting,
)

app_name = "workbench"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", days.to_store, name="home"),
    path("redeem/", redeem.to_store, name="redeem_home"),
    path("live/", live.open_stream, name="live"),
    path("<uuid:store>/", days.show_day, name="day"),
    path("<uuid:store>/day/", days.show_fragment, name="day_fragment"),
    path("<uuid:store>/changed/<uuid:booking>/", days.show_changed, name="changed"),
    path("<uuid:store>/find/", days.find, name="find"),
    path("<uuid:store>/waiting/", waiting.show_waiting, name="waiting"),
    path("<uuid:store>/owed/", owed.show_owed, name="owed"),
    path("<uuid:store>/owed/<uuid:refund>/", owed.hand_over, name="hand_over"),
    path("<uuid:store>/owed/<uuid:refund>/retry/", owed.retry, name="retry_refund"),
    path("<uuid:store>/sheet/", printing.show_sheet, name="sheet"),
    path("<uuid:store>/more/", days.show_more, name="more"),
    path("<uuid:store>/new/", booking_form.new, name="new"),
    path("<uuid:store>/new/times/", booking_form.show_times, name="new_times"),
    path("<uuid:store>/new/members/", booking_form.show_members, name="new_members"),
    path("<uuid:store>/party/", party.party, name="party"),
    path("<uuid:store>/scheduled/", scheduled.show_scheduled, name="scheduled"),
    path("<uuid:store>/scheduled/<uuid:session>/join/", scheduled.walk_in, name="walk_in"),
    path("<uuid:store>/sessions/<uuid:session>/", days.show_session, name="session"),
    path("<uuid:store>/sessions/<uuid:session>/join/", sessions.join, name="join_session"),
    path("<uuid:store>/sessions/<uuid:session>/move/", sessions.move, name="move_session"),
    path("<uuid:store>/sessions/<uuid:session>/place/", sessions.place, name="place_session"),
    path("<uuid:store>/sessions/<uuid:session>/call-off/", calling_off.call_off, name="call_off_session"),
    path("<uuid:store>/stock/<uuid:product>/", scheduled.adjust, name="adjust_stock"),
    path("<uuid:store>/redeem/", redeem.redeem, name="redeem"),
    path("<uuid:store>/redeem/take-over/", redeem.take_over, name="take_over"),
    path("<uuid:store>/bookings/<uuid:booking>/", days.show_booking, name="booking"),
    path("<uuid:store>/bookings/<uuid:booking>/phone/", acts.show_phone, name="phone"),
    path("<uuid:store>/bookings/<uuid:booking>/redeem/", redeem.redeem_one, name="redeem_one"),
    path("<uuid:store>/bookings/<uuid:booking>/redeemed/", redeem.show_done, name="done"),
    path("<uuid:store>/bookings/<uuid:booking>/move/", booking_form.move, name="move"),
    path("<uuid:store>/bookings/<uuid:booking>/move/times/", booking_form.show_move_times, name="move_times"),
    path("<uuid:store>/bookings/<uuid:booking>/place/", placing.place, name="place"),
    path("<uuid:store>/bookings/<uuid:booking>/repeat/", together.repeat, name="repeat"),
    path("<uuid:store>/bookings/<uuid:booking>/bring/", together.bring, name="bring"),
    path("<uuid:store>/bookings/<uuid:booking>/confirm/", acts.confirm, name="confirm"),
    path(
        "<uuid:store>/bookings/<uuid:booking>/take-deposit/", acts.take_booking_deposit, name="take_deposit"
    ),
    path("<uuid:store>/bookings/<uuid:booking>/give-back/", acts.give_back, name="give_back"),
    path("<uuid:store>/bookings/<uuid:booking>/following/", following.following, name="following"),
    path("<uuid:store>/bookings/<uuid:booking>/cancel/", cancelling.cancel, name="cancel"),
    path("<uuid:store>/bookings/<uuid:booking>/waive/", acts.waive, name="waive"),
    path(
        "<uuid:store>/bookings/<uuid:booking>/deposit/waive/",
        acts.waive_booking_deposit,
        name="waive_deposit",
    ),
    path("<uuid:store>/bookings/<uuid:booking>/<slug:act>/", acts.act, name="act"),
]

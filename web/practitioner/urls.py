"""Routes of web.practitioner, under the workbench."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.practitioner import day, feed, requests

app_name = "mine"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", day.show_day, name="day"),
    path("visits/<uuid:booking>/complete/", day.complete, name="complete"),
    path("visits/<uuid:booking>/late/", day.late, name="late"),
    path("requests/", requests.show_requests, name="requests"),
    path("requests/leave/", requests.ask_for_leave, name="ask_leave"),
    path("requests/leave/<uuid:wish>/<slug:act>/", requests.act_on_leave, name="leave"),
    path("requests/swap/", requests.ask_for_swap, name="ask_swap"),
    path("requests/swap/<uuid:wish>/<slug:act>/", requests.act_on_swap, name="swap"),
    path("calendar/", feed.show_feed, name="feed"),
]

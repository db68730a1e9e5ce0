"""Its own addresses under /appointment/."""

from django.urls import include, path

urlpatterns = [path("appointment/", include("appointment.urls"))]

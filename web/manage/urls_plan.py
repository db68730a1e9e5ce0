"""Routes of plan and usage: part of the office, and all of it that a suspended chain has."""

from __future__ import annotations

from django.urls import URLPattern, path

from web.manage import plan, plan_choose

app_name = "manage"
plan_urls: list[URLPattern] = [
    path("plan/", plan.show_plan, name="plan"),
    path("plan/compare/", plan_choose.compare, name="plan_compare"),
    path("plan/choose/<slug:code>/", plan_choose.choose, name="plan_choose"),
    path("plan/card/", plan.portal, name="plan_portal"),
    path("plan/return/", plan.come_back, name="plan_return"),
    path("plan/invoices/", plan.show_invoices, name="plan_invoices"),
    path("plan/cancel/", plan.cancel, name="plan_cancel"),
    path("plan/resume/", plan.resume, name="plan_resume"),
    path("plan/withdraw/", plan.withdraw, name="plan_withdraw"),
    path("plan/industry/", plan.add_industry, name="plan_industry"),
]
urlpatterns = plan_urls

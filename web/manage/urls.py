"""Routes of web.manage."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.manage import counted, look, overview, policies, services, setup, shifts, staff, stores
from web.manage.urls_plan import plan_urls

app_name = "manage"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.show_overview, name="overview"),
    path("poster/", overview.show_poster, name="poster"),
    path("access/", overview.show_acts, name="acts"),
    path("setup/", setup.resume, name="setup"),
    path("setup/store/", setup.store, name="setup_store"),
    path("setup/hours/", setup.hours, name="setup_hours"),
    path("setup/services/", setup.services, name="setup_services"),
    path("setup/staff/", setup.staff, name="setup_staff"),
    path("setup/open/", setup.ready, name="setup_open"),
    path("setup/door/", setup.open_shop, name="setup_door"),
    *plan_urls,
    path("stores/", stores.show_stores, name="stores"),
    path("stores/new/", stores.new, name="store_new"),
    path("stores/<uuid:store_id>/", stores.edit, name="store"),
    path("stores/<uuid:store_id>/hours/", stores.hours, name="store_hours"),
    path("stores/<uuid:store_id>/closures/", stores.closures, name="store_closures"),
    path("stores/<uuid:store_id>/closures/<uuid:closure_id>/", stores.reopen, name="store_reopen"),
    path("services/", services.show_services, name="services"),
    path("services/new/", services.new, name="service_new"),
    path("services/effect/", services.show_effect, name="service_effect_new"),
    path("services/<uuid:service_id>/", services.edit, name="service"),
    path("services/<uuid:service_id>/effect/", services.show_effect, name="service_effect"),
    path("services/<uuid:service_id>/online/", services.switch_online, name="service_online"),
    path("policies/", policies.show_policies, name="policies"),
    path("policies/new/", policies.new, name="policy_new"),
    path("policies/preview/", policies.preview, name="policy_preview"),
    path("policies/<uuid:policy_id>/", policies.edit, name="policy"),
    path("policies/waiting/<uuid:store_id>/", policies.rules, name="waiting_rules"),
    path("sessions/", counted.show_sessions, name="sessions"),
    path("sessions/new/<uuid:store_id>/", counted.plan_session, name="session_new"),
    path("sessions/<uuid:session_id>/call-off/", counted.call_off, name="session_call_off"),
    path("pickups/<uuid:store_id>/", counted.plan_pickup, name="pickup_plan"),
    path("products/", counted.show_products, name="products"),
    path("products/new/", counted.new_product, name="product_new"),
    path("products/<uuid:product_id>/", counted.edit_product, name="product"),
    path("staff/", staff.show_staff, name="staff"),
    path("staff/new/", staff.new, name="employee_new"),
    path("staff/<uuid:employee_id>/", staff.edit, name="employee"),
    path("staff/<uuid:employee_id>/invite/", staff.invite_again, name="employee_invite"),
    path("staff/<uuid:employee_id>/active/", staff.switch_active, name="employee_active"),
    path("shifts/", shifts.show_shifts, name="shifts"),
    path("shifts/<uuid:store_id>/<uuid:employee_id>/", shifts.edit_week, name="shift_week"),
    path("shifts/<uuid:store_id>/<uuid:employee_id>/leave/", shifts.leave, name="shift_leave"),
    path(
        "shifts/<uuid:store_id>/<uuid:employee_id>/leave/<uuid:leave_id>/",
        shifts.end_leave,
        name="shift_leave_end",
    ),
    path("shifts/<uuid:store_id>/<uuid:employee_id>/<str:day>/", shifts.edit_day, name="shift_day"),
    path("look/", look.edit, name="look"),
    path("look/preview/", look.preview, name="look_preview"),
    path("look/logo/", look.upload_logo, name="look_logo"),
    path("look/logo/remove/", look.drop_logo, name="look_logo_remove"),
]

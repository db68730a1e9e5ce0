"""The worker and the scheduler: what is due is a row, Celery only wakes it."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tessera", task_cls="chains.tasks:ScopedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chains"])


@worker_init.connect
@beat_init.connect
def _report_errors(**_: object) -> None:
    from config.errors import start_error_reports  # needs Django, which Celery's fixup sets up first

    start_error_reports()


app.conf.beat_schedule = {
    "dispatch-due-work": {"task": "chains.dispatch_due", "schedule": 1.0, "options": {"expires": 5}},
}

"""The worker and the scheduler: what is due is a row, Celery only wakes it."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tessera", task_cls="chains.tasks:ScopedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chains"])
app.conf.beat_schedule = {
    "dispatch-due-work": {"task": "chains.dispatch_due", "schedule": 1.0, "options": {"expires": 5}},
}

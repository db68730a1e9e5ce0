"""Celery tasks carry their chain, and the dispatcher of due work."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import structlog
from celery import shared_task
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Reject
from celery.signals import task_postrun, task_prerun
from django.utils import timezone

from chains.due import LEASE, DueBatch, lease_due, run_due
from chains.models import Chain, ChainState
from chains.scope import PUBLIC, chain_scope, current, platform_scope

log = structlog.get_logger("tasks")

HEADER = "tessera_schema"

# While a task runs, the schema it was called in: what the worker sends next for it (the rest of a
# canvas) belongs to the same chain, though the task's own scope has ended by then.
_caller: ContextVar[str] = ContextVar("tessera_task_caller", default=PUBLIC)


class ScopedTask(DjangoTask):
    """The base of every task: runs in the scope in which it was *called*.

    The schema travels in a header, written when the task is called (also when it is sent on commit).
    A chain that is gone rejects the task; it never falls back to public.
    """

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        """Send, with the calling scope's schema unless a header carries one already."""
        headers = dict(options.pop("headers", None) or {})
        headers.setdefault(HEADER, calling_schema())
        return super().apply_async(args, kwargs, headers=headers, **options)

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Send after the commit, in the scope active now."""
        return self.apply_async_on_commit(args, kwargs, headers={HEADER: calling_schema()})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run inside the scope of the header; Reject where that chain is gone."""
        schema = _header(self.request)
        if schema is None or schema == PUBLIC:
            return self.run(*args, **kwargs)
        with platform_scope():
            chain = Chain.objects.filter(schema_name=schema).exclude(state=ChainState.CLOSED).first()
        if chain is None:
            log.warning("task_rejected", task=self.name, schema=schema)
            raise Reject(f"chain {schema} is gone", requeue=False)
        with chain_scope(chain):
            return self.run(*args, **kwargs)


def calling_schema() -> str:
    """The active scope's schema; between a task's end and its successor's start, that task's own."""
    schema = current().schema
    return schema if schema != PUBLIC else _caller.get()


@task_prerun.connect
def _remember_caller(task: Any = None, **_: Any) -> None:
    _caller.set(_header(task.request) or PUBLIC)


@task_postrun.connect
def _forget_caller(**_: Any) -> None:
    _caller.set(PUBLIC)


def _header(request: Any) -> str | None:
    # Celery lifts custom headers to attributes of the request, or keeps them in `headers`
    direct = getattr(request, HEADER, None)
    return direct if direct is not None else (request.headers or {}).get(HEADER)


@shared_task(name="chains.dispatch_due", base=ScopedTask)
def dispatch_due() -> int:
    """Lease what is due and send one task per chain and kind; how many were sent."""
    batches = lease_due(now=timezone.now())
    for batch in batches:
        # when the lease has run out the rows are sent again: a backlog must not hold two live copies
        run_due_batch.apply_async((batch.schema, batch.kind, list(batch.ids)), expires=LEASE.total_seconds())
    return len(batches)


@shared_task(name="chains.run_due", base=ScopedTask)
def run_due_batch(schema: str, kind: str, ids: list[int]) -> None:
    """Deal with one chain's due work of one kind."""
    run_due(DueBatch(schema, kind, tuple(ids)), now=timezone.now())

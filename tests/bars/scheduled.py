"""Bar 17's processes: the shipped scheduler and worker on a clock that the test moves, their runs kept as rows.

Run as a program it waits on stdin for a line `beat FILE ZONE` or `worker ZONE`, forks one and answers with its
process id: what they import is imported once, however often they are killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

# The folder by which the test speaks to them: `clock`, and the orders to die.
FOLDER = Path(os.environ.get("BAR_17", "."))
BEFORE, AFTER = "die-before", "die-after"
RAN = "bar_17_ran"
JOBS = ("figures", "housekeeping", "housekeeping.platform")


def set_clock(folder: Path, at: datetime) -> None:
    """From now on it is `at` for whoever asks the processes' clock."""
    (folder / "next").write_text(f"{at.isoformat()} {time.time()}")
    (folder / "next").replace(folder / "clock")


def stopped() -> datetime:
    """The time the test has set: it stands while jobs run."""
    return datetime.fromisoformat((FOLDER / "clock").read_text().split()[0])


def ticking() -> datetime:
    """The same time, going on since: a scheduler waits for it to pass."""
    text, since = (FOLDER / "clock").read_text().split()
    return datetime.fromisoformat(text) + timedelta(seconds=time.time() - float(since))


def die_if_told(order: str) -> None:
    """SIGKILL to this very process where the test ordered it; an order is carried out once."""
    if (FOLDER / order).exists():
        (FOLDER / order).unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _prepare() -> Any:
    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    from chains import due
    from config.celery import app

    timezone.now = stopped
    app.conf.beat_schedule["dispatch-due-work"]["schedule"] = 0.2
    finish, unfinished = due.finish_due, set[str]()

    def noted(kind: str) -> due.DueHandler:
        handler = due._handlers[kind]

        def run(*, now: datetime) -> None:
            handler(now=now)
            unfinished.add(kind)
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {RAN} (job, at) VALUES (%s, %s)", (kind, now))
            die_if_told(BEFORE)

        return run

    def finish_or_die(ids: Sequence[int]) -> None:
        if unfinished:
            die_if_told(AFTER)
        unfinished.clear()
        finish(ids)

    for kind in JOBS:
        due._handlers[kind] = noted(kind)
    due.finish_due = finish_or_die
    if os.environ.get("BAR_17_MUTANT"):
        due._whole.clear()
    return app


def _live(app: Any, kind: str, options: list[str]) -> None:
    os.environ["TZ"] = options[-1]
    time.tzset()
    if kind == "beat":
        app.now = lambda: ticking().astimezone(app.timezone)
        app.start(["beat", "--schedule", options[0], "--pidfile", "", "--loglevel", "CRITICAL"])
    else:
        app.worker_main(
            ["worker", "--pool", "solo", "--loglevel", "CRITICAL", "--without-gossip", "--without-mingle"]
        )


def main() -> None:
    """Fork what is asked for until stdin ends."""
    app = _prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who is killed leaves nothing to be waited for
    for line in sys.stdin:
        kind, *options = line.split()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for pipe in (0, 1, 2):
                os.dup2(nowhere, pipe)
            _live(app, kind, options)
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

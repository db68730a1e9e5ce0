"""The demo with stand-ins for its steps and processes, run by test_supervisor.py as a program of its own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from embedded import demo
from embedded.lodging import Tell
from embedded.plan import Answers, Process, Stage, Stays
from embedded.supervisor import Server
from embedded.surroundings import Addresses, Surroundings, external_servers

# Written beside and moved there: whoever reads it while a process starts again sees the old note or the new one.
NOTE = """
import json, os, pathlib, sys
folder = pathlib.Path(os.environ['TESSERA_DATA']) / 'seen'
folder.mkdir(exist_ok=True)
def note(name, **seen):
    unfinished = folder / f'{name}.{os.getpid()}'
    unfinished.write_text(json.dumps(seen))
    unfinished.replace(folder / name)
note(sys.argv[1], pid=os.getpid(), env=dict(os.environ), argv=sys.argv)
"""
STAY = NOTE + "import time; print('up', flush=True); time.sleep(600)"
PAGES = (
    NOTE
    + """
import http.server
class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == '/livez' and self.headers['Host'] == os.environ['TESSERA_BASE']
        self.send_response(200 if known else 404)
        self.end_headers()
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[2])), Pages).serve_forever()
"""
)
# Leaves a grandchild behind that ignores SIGTERM, as a worker's pool may.
STUBBORN = (
    NOTE
    + """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)'])
note('grandchild', pid=child.pid)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
time.sleep(600)
"""
)


def python(code: str, *words: str) -> tuple[str, ...]:
    # Braces in the code are not words of plan.py.
    return ("{python}", "-c", code.replace("{", "{{").replace("}", "}}"), *words)


STAGES = {
    "first": Stage(
        "First",
        python(NOTE + "print('one of two'); print('two of two'); print('noise', file=sys.stderr)", "first"),
    ),
    "once": Stage("Once", python(NOTE, "once"), unless_unchanged=("tests/embedded/stand_in.py",)),
    "broken": Stage("Broken", python("import sys; print('the reason', file=sys.stderr); sys.exit(3)")),
    "full": Stage("Full", python("raise OSError(28, 'No space left on device')")),
    "endless": Stage(
        "Endless", python(NOTE + "import time; print('under way', flush=True); time.sleep(600)", "endless")
    ),
}
PROCESSES = {
    "web": Process("web", python(PAGES, "web", "{port}"), Answers("port", "/livez")),
    "worker": Process("worker", python(STUBBORN, "worker"), Stays(0.2)),
    "provisioner": Process("provisioner", python(STAY, "provisioner"), Stays(0.2), access="owner"),
    "dying": Process("dying", python("print('cannot go on'); raise SystemExit(4)"), Stays(5)),
}


def no_servers(
    surroundings: Surroundings, *, tell: Tell
) -> tuple[list[tuple[str, Server]], Callable[[], Addresses]]:
    """In place of demo.choose_servers: nothing to start, addresses that lead nowhere."""
    addresses = Addresses("postgresql://app", "postgresql://owner", "postgresql://listen", "redis://here")
    return [], lambda: addresses


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--stages", default="first,once")
    parser.add_argument("--processes", default="web,worker,provisioner")
    options = parser.parse_args()
    if not options.servers:
        vars(demo)["choose_servers"] = no_servers

    def run() -> None:
        demo.run(
            Surroundings(options.port, options.data, external=external_servers(os.environ)),
            stages=[STAGES[name] for name in options.stages.split(",") if name],
            processes=[PROCESSES[name] for name in options.processes.split(",") if name],
            tell=demo.tell,
        )

    return demo.guarded(run, options.data)


if __name__ == "__main__":
    raise SystemExit(main())

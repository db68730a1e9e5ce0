"""`python -m billing.fake_stripe`: run the fake until told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from billing.fake_stripe.server import FakeStripe

ALLOWED = ("demo", "development", "test")


def main() -> int:
    """Run; 2 where this is production, or nobody has said that it is not."""
    parser = argparse.ArgumentParser(prog="python -m billing.fake_stripe", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file that holds all state")
    parser.add_argument("--webhook-url", help="where events are sent, on this machine")
    options = parser.parse_args()
    mode = os.environ.get("TESSERA_MODE", "production")
    if mode not in ALLOWED:
        sys.stderr.write(
            f"The fake Stripe does not run with TESSERA_MODE={mode}: it takes no money. It is for {', '.join(ALLOWED)}.\n"
        )
        return 2
    options.data.parent.mkdir(parents=True, exist_ok=True)
    fake = FakeStripe(
        options.data,
        port=options.port,
        webhook_url=options.webhook_url,
        webhook_secret=os.environ.get("STRIPE_WEBHOOK_SECRET"),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: fake._stopping.set())
    fake.start()
    fake.wait()
    fake.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

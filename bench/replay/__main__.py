"""`python -m bench.replay --seed 7`: what recommended times are worth, as a table."""

from __future__ import annotations

import argparse
import sys
import time

from bench.replay.run import Size, replay, table


def main() -> int:
    """Play every seed; one table each."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("--seed", type=int, nargs="+", default=[7])
    parser.add_argument("--chairs", type=int, default=Size.chairs)
    parser.add_argument("--members", type=int, default=Size.members)
    options = parser.parse_args()
    size = Size(chairs=options.chairs, members=options.members)
    for seed in options.seed:
        begun = time.monotonic()
        results = replay(seed, size)
        asked = sum(results[0].asked.values())
        sys.stdout.write(
            f"seed {seed}: {size.chairs} people, {size.members} members, {size.learned} days learned, "
            f"{size.held_out} held out, {asked} visits asked for; {time.monotonic() - begun:.0f} s\n"
        )
        sys.stdout.write(table(results) + "\n\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

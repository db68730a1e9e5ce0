"""What a process of several threads does once its code is loaded, before it serves."""

import gc
import sys

# A thread that PostgreSQL has answered holds locks there and wants the interpreter now: 5 ms, Python's own, is longer
# than a whole booking.
SWITCH_SECONDS = 0.0005


def settle() -> None:
    """Keep what is loaded out of the collector's sight, and hand the interpreter on sooner.

    The collector would walk all of it (400,000 objects, 150 ms of processor) once every two hundred requests and
    find nothing.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)

"""UUIDv7 ids (RFC 9562): sortable by creation, safe to show, unique across chains and machines."""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_lock = threading.Lock()
_last_ms = 0
_counter = 0

# 12 bits of rand_a serve as a counter (RFC 9562, 6.2 method 1); the top bit starts clear to leave room.
_COUNTER_MAX = 0xFFF


def new_id() -> uuid.UUID:
    """A fresh UUIDv7, strictly greater than every id this process made before.

    When the clock steps back or a millisecond's counter is used up, the id's own millisecond
    runs ahead of the clock instead of repeating.
    """
    global _last_ms, _counter
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms = now_ms
            _counter = secrets.randbits(11)
        else:
            _counter += 1
            if _counter > _COUNTER_MAX:
                _last_ms += 1
                _counter = secrets.randbits(11)
        stamp, counter = _last_ms, _counter
    value = stamp << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)

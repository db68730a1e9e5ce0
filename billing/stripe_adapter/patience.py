"""How long a call to Stripe may take: as long as whoever waits for it has left, and never for ever."""

from __future__ import annotations

from typing import Any

import requests
from urllib3.util import Timeout

from chains.after_scope import time_left

# Seconds to connect, and to wait for each part of the answer, in background work.
CONNECT, READ = 3.0, 15.0
# With less left a call is not begun: hardly anything is answered in it.
LEAST = 0.5


class PatientSession(requests.Session):
    """A session whose calls end when nobody waits for them any more; that is then an answer that did not come."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As the parent, with the time that is left; the time asked for is not looked at."""
        left = time_left()
        if left is not None and left < LEAST:
            raise requests.Timeout("nobody waits for this any more")
        kwargs["timeout"] = Timeout(total=left, connect=CONNECT, read=READ)
        return super().request(*args, **kwargs)

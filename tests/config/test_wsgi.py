"""The web process keeps what it has loaded out of the collector's rounds."""

from __future__ import annotations

import os
import subprocess
import sys

ASK = """
import gc, sys
import config.wsgi
print(gc.get_freeze_count(), len(gc.get_objects()), "api.v1.availability" in sys.modules)
"""


def test_what_a_web_process_has_loaded_is_never_walked_again() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    frozen, walked, views = done.stdout.split()
    assert views == "True"
    assert int(frozen) > 50 * int(walked)

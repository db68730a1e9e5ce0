"""The bars of quality.md: small by default, full under BARS=full, each figure kept for bars.json."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FULL = os.environ.get("BARS") == "full"
SEED = int(os.environ.get("BARS_SEED", "20261121"))


def size(small: int, full: int) -> int:
    """How large a bar's form is in this run."""
    return full if FULL else small


def record(number: int, **figures: Any) -> None:
    """Keep what a bar measured; `make bars` gathers the lines into bars.json."""
    folder = os.environ.get("BARS_FIGURES")
    if folder:
        line = json.dumps({"bar": number, "seed": SEED, "full": FULL, **figures})
        with (Path(folder) / f"{number:02}-{os.getpid()}.jsonl").open("a") as file:
            file.write(line + "\n")

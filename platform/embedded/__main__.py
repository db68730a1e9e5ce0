"""`python -m embedded`: the demo (see demo.py)."""

from __future__ import annotations

import sys

from embedded.demo import main

sys.exit(main())

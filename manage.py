#!/usr/bin/env python
"""Django's command line, with both source roots on the path."""

import os
import sys
from pathlib import Path

# Commands that make or change tables run with the owner's login; everything else is the application.
OWNER_COMMANDS = {"migrate_public", "build_template", "migrate_chains", "upgrade", "makemigrations"}
ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Run a management command."""
    for root in (ROOT / "platform", ROOT):
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["DATABASE_LOGIN"] = "owner"
    if sys.argv[1:2] == ["provisioner"]:
        # a process like web and worker, not a command somebody watches: its failures are reported
        from config.errors import start_error_reports

        start_error_reports()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

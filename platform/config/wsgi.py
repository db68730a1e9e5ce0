"""The web process: pages and API under WSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.errors import start_error_reports  # noqa: E402 - needs the settings that are ready now

start_error_reports()

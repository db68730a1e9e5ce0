"""The web process: pages and API under WSGI."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.errors import start_error_reports  # noqa: E402 - needs the settings that are ready now
from config.steady import settle  # noqa: E402

start_error_reports()

# what the first requests would load
for urls in (settings.ROOT_URLCONF, settings.CHAIN_URLCONF):
    get_resolver(urls).url_patterns  # noqa: B018 - reading it imports the views
settle()

"""The web process: pages and API under WSGI."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.errors import start_error_reports  # noqa: E402 - needs the settings that are ready now

start_error_reports()

# What the first requests would load stays until the end. The collector would walk all of it (400,000 objects,
# 150 ms of processor) once every two hundred requests and find nothing.
for urls in (settings.ROOT_URLCONF, settings.CHAIN_URLCONF):
    get_resolver(urls).url_patterns  # noqa: B018 - reading it imports the views
gc.collect()
gc.freeze()

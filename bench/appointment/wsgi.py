"""For the same web server as ours."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.appointment.settings")
logging.disable(logging.CRITICAL)
application = get_wsgi_application()

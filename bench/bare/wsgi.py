"""For the same web server as ours, the process settled as ours is."""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.steady import settle

get_wsgi_application()
# allauth starts with its middleware alone; what is measured does without any
settings.MIDDLEWARE = []
application = WSGIHandler()
get_resolver(settings.ROOT_URLCONF).url_patterns  # noqa: B018 - reading it imports the view
settle()

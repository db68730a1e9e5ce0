"""A project with nothing but django-appointment, on the same PostgreSQL and the same kind of pool as ours."""

import os

SECRET_KEY = "only-for-benchmarks-only-for-benchmarks-only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "appointment",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
# it brings no migrations of its own: all tables are made as the models say
MIGRATION_MODULES = {"contenttypes": None, "auth": None, "sessions": None}
ROOT_URLCONF = "bench.appointment.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["BESIDE_NAME"],
        "HOST": os.environ["BESIDE_HOST"],
        "PORT": os.environ["BESIDE_PORT"],
        "USER": os.environ["BESIDE_USER"],
        "PASSWORD": os.environ["BESIDE_PASSWORD"],
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 4}},
    }
}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING_CONFIG = None

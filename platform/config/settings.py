"""Django's settings, all derived from the typed environment."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONCE, SELF
from django.templatetags.static import static

from config.database import databases
from config.environment import environment
from config.logs import logging_config
from config.mail import mail_settings
from config.verticals import vertical_apps

ENV = environment()
ROOT = Path(__file__).resolve().parents[2]
DATA = ENV.tessera_data

SECRET_KEY = ENV.secret_key.get_secret_value()
DEBUG = False
MODE = ENV.tessera_mode
IS_DEMO = ENV.is_demo
BASE = ENV.tessera_base
BASE_HOST = ENV.base_host
SCHEME = ENV.scheme
LIVE_PORT = ENV.tessera_live_port
ROLE_TAG = ENV.role_tag
TRUSTED_PROXIES = ENV.trusted_proxies
POOL_TARGET = ENV.pool_target
LISTEN_DATABASE_URL = (ENV.listen_database_url or ENV.database_url).get_secret_value()
OWNER_DATABASE_URL = ENV.owner_database_url.get_secret_value() if ENV.owner_database_url else None

# Every host is looked up in the table of domains by chains.middleware; unknown ones get a 404 there.
ALLOWED_HOSTS = ["*"]

# Who owns which table: public, or every chain's schema. An app never moves between the two.
SHARED_APPS = [
    "django_tenants",
    "chains",
    "accounts",
    "billing",
    "console",
    "unfold",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "accounts",
    "allauth.account",
    "allauth.mfa",
    "tenants.events",
    "tenants.stores",
    "tenants.people",
    "tenants.catalogue",
    "tenants.members",
    "tenants.booking",
    "api",
    *vertical_apps(),
]
INSTALLED_APPS = [
    *SHARED_APPS,
    *(app for app in TENANT_APPS if app not in SHARED_APPS),
    "django.contrib.staticfiles",
    "django.forms",
    "tenants.extension",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "django_htmx",
    "csp",
    "web",
]
TENANT_MODEL = "chains.Chain"
TENANT_DOMAIN_MODEL = "chains.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
PG_EXTRA_SEARCH_PATHS = ["extensions"]
SKIP_PG_EXTRA_VALIDATION = True
DATABASES = databases(ENV)
# The address is unique by a constraint on its lower case.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.request_log.RequestLogMiddleware",
    "chains.middleware.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "web.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.refused.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls_platform"
CHAIN_URLCONF = "config.urls_chain"
SUSPENDED_URLCONF = "config.urls_suspended"
UNKNOWN_HOST_URLCONF = "config.urls_unknown"
HOSTLESS_PATHS = {"/livez", "/readyz"}
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "web.context.page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

STATIC_URL = "/static/"
STATIC_ROOT = ENV.tessera_static or DATA / "static"
MEDIA_ROOT = DATA / "media"
STORAGES = {
    "default": {"BACKEND": "chains.files.ChainStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE in {"test", "development"}
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = MODE in {"test", "development"}
WHITENOISE_AUTOREFRESH = False

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV.redis_url.get_secret_value(),
        "KEY_FUNCTION": "chains.cache.make_key",
        "KEY_PREFIX": ROLE_TAG,
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    if MODE in {"production", "demo"}
    else "django.contrib.auth.hashers.MD5PasswordHasher"
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/staff/login/"
LOGIN_REDIRECT_URL = "/staff/"
ACCOUNT_ADAPTER = "web.staff.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/staff/login/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Guesses are counted per account (5 a window); a shop's one address must not lock its staff out.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "5/5m/key"}
MFA_ADAPTER = "web.staff.adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "web.staff.forms.AuthenticateForm",
    "reauthenticate": "web.staff.forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tessera"
# Operators prove a second factor outside the demo; see console.access.
OPERATORS_NEED_MFA = not IS_DEMO

SESSION_COOKIE_NAME = "tessera_session"
SESSION_COOKIE_SECURE = SCHEME == "https"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
CSRF_COOKIE_NAME = "tessera_csrf"
CSRF_COOKIE_SECURE = SCHEME == "https"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "web.errors.csrf_refused"
SECURE_SSL_REDIRECT = SCHEME == "https"
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SCHEME == "https" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SCHEME == "https" else None
SECURE_REFERRER_POLICY = "same-origin"
# browsers ignore it on plain http, and complain
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if SCHEME == "https" else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # a form that leads to the payment provider's page is redirected there
        "form-action": [SELF, *ENV.payment_pages],
    }
}

LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_NAME = "tessera_language"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SCHEME == "https"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# A mail server that hangs is given up after EMAIL_TIMEOUT seconds.
globals().update(
    mail_settings(
        url=ENV.email_url.get_secret_value() if ENV.email_url else None,
        provider=ENV.email_provider,
        options={name: value.get_secret_value() for name, value in ENV.anymail.items()},
        timeout=ENV.email_timeout,
    )
)
DEFAULT_FROM_EMAIL = ENV.email_from or f"Tessera <no-reply@{BASE_HOST}>"
SUPPORT_EMAIL = ENV.support_email or (f"support@{BASE_HOST}" if IS_DEMO else None)
# What carries a message out, by channel; the demo keeps all in its outbox page.
MESSAGE_CHANNELS = (
    {"email": "chains.outgoing.DevOutbox", "sms": "chains.outgoing.DevOutbox"}
    if IS_DEMO
    else {"email": "chains.outgoing.EmailChannel", "sms": ENV.sms_channel}
)

REDIS_URL = ENV.redis_url.get_secret_value()
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{ROLE_TAG}:celery:", "visibility_timeout": 600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]

# The payment provider; None where none is set up. The base address is told only for the fake Stripe.
STRIPE_SECRET_KEY = ENV.stripe_secret_key.get_secret_value() if ENV.stripe_secret_key else None
STRIPE_WEBHOOK_SECRET = ENV.stripe_webhook_secret.get_secret_value() if ENV.stripe_webhook_secret else None
STRIPE_API_BASE = ENV.stripe_api_base

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "api.schema.Schema",
    "EXCEPTION_HANDLER": "api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tessera",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
UNFOLD = {
    "SITE_TITLE": "Tessera",
    "SITE_HEADER": "Tessera",
    "SITE_SYMBOL": "grid_view",
    "SITE_URL": "/console/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "STYLES": [lambda request: static("console/theme.css")],
    "SIDEBAR": {"navigation": "console.menu.navigation"},
}

LOGGING = logging_config(log_format=ENV.log_format, level=ENV.log_level)
SENTRY_DSN = ENV.sentry_dsn.get_secret_value() if ENV.sentry_dsn else None

"""Settings of one variant of the overhead benchmark; see overhead.py."""

import os

from config.database import _address
from config.settings import *  # noqa: F403
from config.settings import DATABASES, ENV

VARIANT = os.environ["BENCH_VARIANT"]
ROOT_URLCONF = CHAIN_URLCONF = PUBLIC_SCHEMA_URLCONF = "bench.one_view"
POOL = DATABASES["default"]["OPTIONS"]["pool"]
if VARIANT == "ours":
    MEASURED = ["chains.middleware.HostMiddleware"]
else:
    owner = _address(ENV.owner_database_url.get_secret_value())
    owner["OPTIONS"]["pool"] = POOL
    engine = "django.db.backends.postgresql" if VARIANT == "plain" else "django_tenants.postgresql_backend"
    MEASURED = [] if VARIANT == "plain" else ["django_tenants.middleware.main.TenantMainMiddleware"]
    if VARIANT == "plain":
        owner["OPTIONS"]["options"] = f"-c search_path={os.environ['BENCH_SCHEMA']},extensions"
    DATABASES = {"default": {**owner, "ENGINE": engine, "CONN_MAX_AGE": 0, "ATOMIC_REQUESTS": True}}

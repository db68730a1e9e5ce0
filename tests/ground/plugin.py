"""Servers and settings before Django is set up: loaded early by `-p tests.ground.plugin`.

The first process of a run starts PostgreSQL and Valkey, migrates one database and builds the chain
template there; each worker copies that database. What was migrated is kept under var/test and used
again while the migrations have not changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for _root in (ROOT, ROOT / "platform"):
    if str(_root) not in sys.path:
        sys.path.insert(0, str(_root))

HOME = Path(os.environ.get("TESSERA_TEST_HOME", ROOT / "var" / "test"))
MIGRATED = "tessera_migrated"
_servers: list[object] = []


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "*/*/migrations/*.py", "*/models.py", "*/*/models.py"):
        for path in sorted(ROOT.glob(pattern)):
            if not {".venv", "var", "build"} & set(path.relative_to(ROOT).parts):
                digest.update(path.read_bytes())
    for path in (
        ROOT / "requirements" / "base.txt",
        ROOT / "platform" / "config" / "settings.py",
        ROOT / "platform" / "chains" / "schemas" / "grants.py",
        ROOT / "platform" / "chains" / "schemas" / "template.py",
        ROOT / "platform" / "chains" / "schemas" / "public.py",
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _database_of_worker() -> str:
    return f"tessera_{os.environ.get('PYTEST_XDIST_WORKER', 'solo')}"


def _start_servers() -> None:
    from embedded.postgres import Cluster
    from embedded.valkey import Valkey

    HOME.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(HOME / "postgres", durable=False, tell=lambda sentence: None)
    cluster.start()
    valkey = Valkey(HOME / "valkey", tell=lambda sentence: None)
    valkey.start()
    _servers.extend([cluster, valkey])
    os.environ["TESSERA_TEST_ADMIN"] = cluster.superuser_dsn
    os.environ["TESSERA_TEST_OWNER"] = cluster.owner_dsn("DATABASE")
    os.environ["TESSERA_TEST_APP"] = cluster.app_dsn("DATABASE")
    os.environ["TESSERA_TEST_REDIS"] = valkey.url
    _let_nobody_gather_figures()
    _prepare_migrated(cluster)


def _let_nobody_gather_figures() -> None:
    """No autovacuum: a plan that is read by EXPLAIN must not depend on whether it has just passed by."""
    import psycopg

    with psycopg.connect(os.environ["TESSERA_TEST_ADMIN"], autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")


def _prepare_migrated(cluster: object) -> None:
    stamp = HOME / "migrated"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    import psycopg

    stamp.unlink(missing_ok=True)
    with psycopg.connect(os.environ["TESSERA_TEST_ADMIN"], autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {MIGRATED} WITH (FORCE)")
    cluster.ensure_database(MIGRATED)  # type: ignore[attr-defined]
    environment = {**os.environ, **_settings(MIGRATED), "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
    for command in ("migrate_public", "build_template"):
        subprocess.run(
            [sys.executable, "manage.py", command, "--verbosity=0"], cwd=ROOT, env=environment, check=True
        )
    stamp.write_text(wanted)


def _settings(database: str) -> dict[str, str]:
    return {
        "TESSERA_MODE": "test",
        "TESSERA_SCHEME": "http",
        "TESSERA_BASE": "tessera.test",
        "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
        "DATABASE_URL": os.environ["TESSERA_TEST_APP"].replace("DATABASE", database),
        "OWNER_DATABASE_URL": os.environ["TESSERA_TEST_OWNER"].replace("DATABASE", database),
        # a race holds a connection in each of its threads until all of them have one
        "DATABASE_POOL_SIZE": "16",
        "REDIS_URL": os.environ["TESSERA_TEST_REDIS"].removesuffix("/0")
        + f"/{int(''.join(filter(str.isdigit, database)) or '14') + 1}",
        "TESSERA_DATA": str(HOME / "data" / database),
        # a provider that does not answer: tests that talk to one start the fake and name it
        "STRIPE_SECRET_KEY": "sk_test_onlyfortests",
        "STRIPE_WEBHOOK_SECRET": "whsec_onlyfortestsonlyfortests",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def _copy_database(database: str) -> None:
    import psycopg

    with psycopg.connect(os.environ["TESSERA_TEST_ADMIN"], autocommit=True) as admin:
        # roles of an earlier run belong to schemas of that run's copy; they go with it
        admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        tag = hashlib.sha256(database.encode()).hexdigest()[:6]
        for (role,) in admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE %s", (f"r\\_{tag}\\_%",)
        ).fetchall():
            admin.execute(f'DROP ROLE "{role}"')
        owner = psycopg.conninfo.conninfo_to_dict(os.environ["TESSERA_TEST_OWNER"])["user"]
        app = psycopg.conninfo.conninfo_to_dict(os.environ["TESSERA_TEST_APP"])["user"]
        # two copies of one database at once would refuse each other
        admin.execute("SELECT pg_advisory_lock(7361002)")
        admin.execute(f'CREATE DATABASE {database} TEMPLATE {MIGRATED} OWNER "{owner}" STRATEGY FILE_COPY')
        admin.execute("SELECT pg_advisory_unlock(7361002)")
        admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        admin.execute(f'GRANT CONNECT ON DATABASE {database} TO "{app}"')


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Servers and a database of this process's own, before Django reads its settings."""
    if "TESSERA_TEST_ADMIN" not in os.environ or not os.environ.get("PYTEST_XDIST_WORKER"):
        from web.translations import compile_catalogue

        compile_catalogue()
        _start_servers()
    database = _database_of_worker()
    _copy_database(database)
    os.environ.update(_settings(database))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    while _servers:
        _servers.pop().stop()  # type: ignore[attr-defined]

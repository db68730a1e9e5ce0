"""Whether servers that the environment names will do."""

from __future__ import annotations

import re

import redis
from psycopg.conninfo import conninfo_to_dict

from embedded.bootstrap import EXTENSIONS, check_application_login, check_version, connect, without_password
from embedded.errors import NotPrepared, ServerTooOld, ServerUnreachable

OLDEST_REDIS = (6, 2)


def check_postgres(*, application: str, owner: str, listen: str) -> None:
    """Raise ServerUnreachable, ServerTooOld, UnsafeLogin or NotPrepared where the database will not do."""
    for address in (application, listen):
        with connect(address) as connection:
            check_version(connection)
    with connect(owner) as connection:
        check_version(connection)
        logins = conninfo_to_dict(application), conninfo_to_dict(owner)
        check_application_login(
            connection, app_login=str(logins[0]["user"]), owner_login=str(logins[1]["user"])
        )
        found = connection.execute(
            "SELECT extname FROM pg_extension WHERE extnamespace::regnamespace::text = 'extensions'"
        ).fetchall()
    missing = set(EXTENSIONS) - {name for (name,) in found}
    if missing:
        raise NotPrepared(
            f"The database at {without_password(owner)} has no {' and '.join(sorted(missing))} in the schema "
            "'extensions'. Prepare it once with an administrator's address: "
            "ADMIN_DATABASE_URL=… OWNER_DATABASE_URL=… DATABASE_URL=… python -m embedded.bootstrap"
        )


def check_redis(url: str) -> None:
    """Raise ServerUnreachable or ServerTooOld where the Redis or Valkey at `url` will not do."""
    shown = re.sub(r"//[^@/]*@", "//", url)
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, decode_responses=True)
    try:
        version = str(client.info("server")["redis_version"])
    except redis.RedisError as error:
        raise ServerUnreachable(
            f"Redis at {shown} does not let us in: {error}. Check REDIS_URL and that the server runs."
        ) from error
    finally:
        client.close()
    check_redis_version(version)


def check_redis_version(version: str) -> None:
    """Raise ServerTooOld before Redis 6.2. Valkey reports the Redis version that it is compatible with."""
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        raise ServerTooOld(
            f"This is Redis {version}. Tessera needs Redis 6.2 or newer, or Valkey. "
            "Upgrade the server, or leave REDIS_URL unset to use the embedded one."
        )

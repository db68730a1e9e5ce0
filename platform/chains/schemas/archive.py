"""One chain's schema to a file and back, and out of existence: with the owner's login.

The file is pg_dump's custom format of that schema alone. Restoring replaces the schema in one
transaction: other schemas are not touched, the chain's own requests wait for it and go on, and a
restore that fails changes nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import IO

from django.conf import settings
from psycopg import sql

from chains.schemas.grants import chain_grants
from chains.schemas.owner import OwnerConnection, drop_role, ensure_role
from chains.schemas.programs import ProgramFailed, owner_address, pg_program, run_program
from chains.scope import role_of

_SCHEMA_NAME = re.compile(r"\bt_[a-z2-7]{10}\b")


class NotThisChain(ValueError):
    """The file holds another schema than the one it is to be restored into, or none."""


def dump_schema(schema: str, path: Path) -> None:
    """Write the schema's structure and rows to `path` (readable by its owner only), whole or not at all.

    Raises ProgramFailed.
    """
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        run_program(
            "pg_dump",
            f"--schema={schema}",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--file={partial}",
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def schemas_in(path: Path) -> set[str]:
    """The chains' schemas that a dump's table of contents names. Raises ProgramFailed for another file."""
    done = subprocess.run(  # noqa: S603 - our own program
        [str(pg_program("pg_restore")), "--list", str(path)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise ProgramFailed(f"pg_restore: {done.stderr.strip()}")
    entries = [line for line in done.stdout.splitlines() if line and not line.startswith(";")]
    return set(_SCHEMA_NAME.findall("\n".join(entries)))


def restore_schema(connection: OwnerConnection, schema: str, path: Path) -> None:
    """Put the schema back as it was dumped, with its role and rights, in one transaction.

    Raises NotThisChain where the file holds another schema, ProgramFailed where it cannot be restored
    (nothing was changed then).
    """
    found = schemas_in(path)
    if found != {schema}:
        raise NotThisChain(f"the file holds {', '.join(sorted(found)) or 'no chain'}, not {schema}")
    ensure_role(connection, role_of(schema))
    grants = "".join(f"{grant.as_string(connection)};\n" for grant in chain_grants(schema))
    address, environment = owner_address()
    psql = subprocess.Popen(  # noqa: S603 - our own program
        [str(pg_program("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert psql.stdin is not None
    try:
        _feed(psql.stdin, f'BEGIN;\nDROP SCHEMA IF EXISTS "{schema}" CASCADE;\n')
        with subprocess.Popen(  # noqa: S603 - our own program
            [str(pg_program("pg_restore")), "--no-owner", "--no-privileges", "--file=-", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as reader:
            assert reader.stdout is not None and reader.stderr is not None
            shutil.copyfileobj(reader.stdout, psql.stdin)
            complaint = reader.stderr.read().decode(errors="replace")
        if reader.returncode != 0:
            raise ProgramFailed(f"pg_restore: {complaint.strip()}")
        # only a whole file is committed; without this line psql's end rolls everything back
        _feed(psql.stdin, f"\n{grants}COMMIT;\n")
    except BrokenPipeError:
        pass  # psql ended at an error; what it says follows
    finally:
        _out, error = _finish(psql)
    if psql.returncode != 0:
        raise ProgramFailed(f"psql: {error.strip()}")


def _feed(pipe: IO[bytes], text: str) -> None:
    pipe.write(text.encode())
    pipe.flush()


def _finish(psql: subprocess.Popen[bytes]) -> tuple[str, str]:
    try:
        out, error = psql.communicate()
    except BrokenPipeError:
        psql.stdin = None
        out, error = psql.communicate()
    return (out or b"").decode(errors="replace"), (error or b"").decode(errors="replace")


def erase_chain(connection: OwnerConnection, schema: str) -> None:
    """Remove every row of a chain: schema, role, addresses, sign-up, due work, files. Idempotent.

    What operators did to it stays in their log, which holds nothing of the chain's customers.
    """
    with connection.transaction():
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        drop_role(connection, role_of(schema))
        for table in ("chains_duework", "chains_schemamigration", "chains_pooledschema"):
            connection.execute(
                sql.SQL("DELETE FROM public.{} WHERE schema = %s").format(sql.Identifier(table)), (schema,)
            )
        for table, column in (("chains_signup", "chain_id"), ("chains_domain", "tenant_id")):
            connection.execute(
                sql.SQL(
                    "DELETE FROM public.{} WHERE {} IN (SELECT id FROM public.chains_chain WHERE schema_name = %s)"
                ).format(sql.Identifier(table), sql.Identifier(column)),
                (schema,),
            )
        connection.execute("DELETE FROM public.chains_chain WHERE schema_name = %s", (schema,))
    shutil.rmtree(Path(settings.MEDIA_ROOT) / schema, ignore_errors=True)

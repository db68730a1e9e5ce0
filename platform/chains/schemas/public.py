"""The roles that act on the public schema, and their rights there."""

from __future__ import annotations

from chains.schemas.grants import public_grants
from chains.schemas.owner import OwnerConnection, ensure_group, ensure_role
from chains.scope import PUBLIC, role_of


def secure_public(connection: OwnerConnection) -> None:
    """Make the platform's role and the chains' group, and give them exactly their rights. Idempotent."""
    with connection.transaction():
        # two starts at once must not make the same role twice
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('tessera.public_roles'))")
        ensure_role(connection, role_of(PUBLIC))
        ensure_group(connection, role_of("chains"))
        for grant in public_grants():
            connection.execute(grant)

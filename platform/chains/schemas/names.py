"""How roles, schemas and their SQL are named."""

from __future__ import annotations

from psycopg import sql

from chains.scope import PUBLIC, role_of

# The word that stands for the schema's name in the template; long and odd enough to be replaced as text.
PLACEHOLDER = "tmpl_7f3aq2wz"


def role(schema: str) -> sql.Identifier:
    """The role of a schema, quoted."""
    return sql.Identifier(role_of(schema))


def platform_role() -> sql.Identifier:
    """The role that statements on the public schema run as, quoted."""
    return role(PUBLIC)


def chains_role() -> sql.Identifier:
    """The group whose rights every chain's role inherits: the doors into public, nothing else; quoted."""
    return role("chains")

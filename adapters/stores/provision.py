"""Setting the database up: revisions, roles with their own passwords, months ahead. Used by the launcher and the CLI."""

from __future__ import annotations

import secrets
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from adapters.clock import SystemClock
from adapters.embedded_files import write_private
from adapters.stores.connection import driver_url
from adapters.stores.partitions import add_months

ROLES = ("public", "console", "worker", "sequencer", "watch", "migration")
_MIGRATE_LOCK = 0x67756974


def migrate(owner_url: str) -> None:
    """Bring the database to the newest revision and make months of partitions ahead; safe to run again, and by several at once.

    ``owner_url`` is the owner of the database, or ``guitai_migration`` where an administrator made the roles beforehand.
    """
    engine = create_engine(driver_url(owner_url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATE_LOCK})
            connection.commit()
            _prepare_roles(connection)
            connection.execute(text("SET ROLE guitai_migration"))
            connection.commit()
            _upgrade(connection)
            add_months(connection, SystemClock().now().astimezone(UTC), behind=1, ahead=13)
            connection.commit()
    finally:
        engine.dispose()


def make_config(connection: Connection) -> Config:
    """Alembic's configuration, made here instead of in a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(make_config(connection), "head")
    connection.commit()


def _prepare_roles(connection: Connection) -> None:
    """The group-like roles without a password, and what they need of the database itself."""
    for role in ROLES:
        name = f"guitai_{role}"
        if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).first():
            connection.execute(text(f"CREATE ROLE {name} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"))
    if not _owns_schema(connection):
        return
    everyone = ", ".join(f"guitai_{role}" for role in ROLES)
    connection.execute(text("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {everyone}"))
    connection.execute(text("GRANT CREATE ON SCHEMA public TO guitai_migration"))
    connection.commit()


def _owns_schema(connection: Connection) -> bool:
    row = connection.execute(text("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public'"))
    return bool(row.scalar())


def provision_roles(owner_url: str, secrets_dir: Path) -> dict[str, str]:
    """Give each role its own password, kept in ``secrets_dir/database_<role>`` (0600): role name → URL.

    Only a SCRAM verifier goes to the server, so that no password can stand in its log.
    """
    secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    urls = {}
    with psycopg.connect(owner_url) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        _close_large_objects(connection)
        for role in ROLES:
            name = f"guitai_{role}"
            password = _keep_password(secrets_dir / f"database_{role}")
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
            statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(verifier)))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(name)))
            urls[role] = url_for(owner_url, name, password)
    return urls


def _close_large_objects(connection: psycopg.Connection[Any]) -> None:
    """Large objects are outside every table, grant and row policy of ours: nobody may make, read or change one.

    The functions belong to the server's superuser; an owner who is none cannot take them away, and leaves them as they are.
    """
    connection.execute("""
        DO $$
        DECLARE
            one regprocedure;
        BEGIN
            IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                RETURN;
            END IF;
            FOR one IN
                SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                    AND proname ~ '^(lo_|loread$|lowrite$)' AND has_function_privilege('public', oid, 'EXECUTE')
            LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
            END LOOP;
        END;
        $$
    """)


def url_for(url: str, user: str, password: str) -> str:
    """The same database address for another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{host}"))


def _keep_password(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text("ascii").strip()

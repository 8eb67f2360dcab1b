"""Alembic's environment: one chain, the tables named participation_*, own version table."""

from __future__ import annotations

from typing import Any

from alembic import context
from ckan.model.meta import metadata
from sqlalchemy import engine_from_config, pool

from ckanext.participation.common import migrating

NAME = "participation"
VERSION_TABLE = f"{NAME}_alembic_version"


def ours(_object: Any, name: str | None, kind: str, *_rest: Any) -> bool:
    """Keep Alembic's comparison to our own tables."""
    return kind != "table" or bool(name and name.startswith(f"{NAME}_") and name != VERSION_TABLE)


def run() -> None:
    """Run the migrations, one process at a time; give up after four seconds of waiting for a lock rather than stop the site."""
    connectable = engine_from_config(context.config.get_section(context.config.config_ini_section, {}),
                                     prefix="sqlalchemy.", poolclass=pool.NullPool)
    with connectable.connect() as connection:
        migrating.one_at_a_time(connection)
        connection.exec_driver_sql("SET lock_timeout = '4s'")
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, include_object=ours)
        with context.begin_transaction():
            context.run_migrations()


run()

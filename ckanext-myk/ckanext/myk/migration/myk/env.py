"""How alembic reaches the database: `ckan db upgrade` runs this for the plugin ``myk``."""

from __future__ import annotations

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config

#: The tables of this extension count their versions by themselves.
_VERSIONS = "myk_alembic_version"


def _online() -> None:
    engine = engine_from_config(
        config.get_section(config.config_ini_section) or {},
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=_VERSIONS)
        with context.begin_transaction():
            context.run_migrations()


def _offline() -> None:
    context.configure(
        url=config.get_main_option("sqlalchemy.url"), literal_binds=True, version_table=_VERSIONS
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()

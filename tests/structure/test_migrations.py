"""The tables that the migrations make are those that the models describe."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ckan import model

import ckanext.participation.common.model
import ckanext.participation.threads.model
import ckanext.participation.threads.records  # noqa: F401 (registers the tables)

PREFIX = "participation_"


def ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    return kind != "table" or bool(name and name.startswith(PREFIX) and not name.endswith("alembic_version"))


@pytest.mark.usefixtures("with_request_context")
def test_models_equal_migrations() -> None:
    with model.meta.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, model.meta.metadata) == []


@pytest.mark.usefixtures("with_request_context")
def test_no_table_of_ours_points_at_ckans() -> None:
    inspector = sa.inspect(model.meta.engine)
    for table in inspector.get_table_names():
        if table.startswith(PREFIX):
            assert [key["referred_table"] for key in inspector.get_foreign_keys(table) if not key["referred_table"].startswith(PREFIX)] == []

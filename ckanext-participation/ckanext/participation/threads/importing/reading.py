"""The peer's database: opened read-only, in one snapshot, so that a site that is still in use gives one consistent state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from ckanext.participation.threads.importing.shapes import Row

BATCH = 200
# CKAN's own tables, where they stand beside the peer's: they still know what a purged dataset was called, and who wrote.
KEYS = ("guid", "uri")


class SourceError(RuntimeError):
    """The peer's database can't be read; the message says what to do."""


class Source:
    """The tables of one database. Use as a context manager."""

    def __init__(self, url: str, needed: tuple[str, ...]) -> None:
        try:
            address = sa.make_url(url)
        except exc.ArgumentError as error:
            raise SourceError("--database must be an address such as postgresql://user:password@host/database.") from error
        if address.get_backend_name() != "postgresql":
            raise SourceError("--database must be a PostgreSQL database: postgresql://user:password@host/database.")
        self._shown = address.render_as_string(hide_password=True)
        self._engine = sa.create_engine(address, poolclass=NullPool)
        self._needed = needed
        self._tables: dict[str, sa.Table] = {}

    def __enter__(self) -> Source:
        """Connect and begin the snapshot."""
        try:
            self._connection = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._inspector = sa.inspect(self._connection)
            present = set(self._inspector.get_table_names())
        except exc.OperationalError as error:
            raise SourceError(f"The database {self._shown} does not answer: {str(error.orig).strip()}") from error
        missing = [name for name in self._needed if name not in present]
        if missing:
            self._connection.close()
            raise SourceError(f"The database {self._shown} has no table {', '.join(missing)}. Name the database of the former site "
                              "with --database, or another extension with --from.")
        self._present = present
        return self

    def __exit__(self, *_: object) -> None:
        """End the snapshot."""
        with suppress(exc.DBAPIError):
            self._connection.close()
        self._engine.dispose()

    def has(self, table: str) -> bool:
        """Say whether the table is there."""
        return table in self._present

    def count(self, table: str) -> int:
        """Return how many rows the table has."""
        return self._connection.scalar(sa.select(sa.func.count()).select_from(self._table(table))) or 0

    def batches(self, table: str, *order: str, where: Row | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in batches, in the order of the columns `order`; the server keeps what is not asked for yet."""
        source = self._table(table)
        query = sa.select(source).where(*(source.c[name] == value for name, value in (where or {}).items()))
        query = query.order_by(*(source.c[name] for name in order)).execution_options(stream_results=True, yield_per=BATCH)
        for rows in self._connection.execute(query).mappings().partitions():
            yield [dict(row) for row in rows]

    def matching(self, table: str, column: str, values: list[Any]) -> list[Row]:
        """Return the rows whose `column` is one of `values`."""
        source = self._table(table)
        # One parameter however many values, where IN would take one each.
        query = sa.select(source).where(source.c[column] == sa.any_(sa.cast(values, sa.ARRAY(source.c[column].type))))
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def dataset(self, identifier: str) -> Row | None:
        """Return what the former site knew of a dataset, with its `guid` and `uri`; None where it does not know either."""
        found = self._one("package", identifier)
        if found is None:
            return None
        extras = found.get("extras")
        if not isinstance(extras, dict):
            # Releases of CKAN before 2.12 keep extras in a table of their own.
            rows = self.matching("package_extra", "package_id", [identifier]) if self.has("package_extra") else []
            extras = {row["key"]: row["value"] for row in rows if row.get("state") != "deleted"}
        return found | {key: extras.get(key) for key in KEYS}

    def resource(self, identifier: str) -> Row | None:
        """Return what the former site knew of a file."""
        return self._one("resource", identifier)

    def group(self, identifier: str) -> Row | None:
        """Return what the former site knew of a group or organisation."""
        return self._one("group", identifier)

    def user(self, identifier: str) -> Row | None:
        """Return what the former site knew of an account."""
        return self._one("user", identifier)

    def _one(self, table: str, identifier: str) -> Row | None:
        rows = self.matching(table, "id", [identifier]) if self.has(table) else []
        return rows[0] if rows else None

    def _table(self, name: str) -> sa.Table:
        if name not in self._tables:
            # Columns differ between the peer's releases: those that are there are read.
            columns = (sa.Column(column["name"], column["type"]) for column in self._inspector.get_columns(name))
            self._tables[name] = sa.Table(name, sa.MetaData(), *columns)
        return self._tables[name]

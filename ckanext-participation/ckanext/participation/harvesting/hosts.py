"""The hosts that sources are on: what a server asks of one source holds for all that it serves."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from ckan import model

# The host and port of an address; PostgreSQL and Python read it alike.
_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)"
_HOST: Final = f"lower(substring({{address}} FROM '{_PATTERN}'))"
# The latest run alone counts: when it went well, nobody asks for anything any more. A look at an index for each source.
_SOURCES: Final = """FROM harvest_source o CROSS JOIN LATERAL (
  SELECT r.not_before FROM participation_harvest_run r WHERE r.source_id = o.id ORDER BY r.id DESC LIMIT 1) newest
WHERE newest.not_before > now()"""
# For a statement about sources `s`: until when each one's host asked any of its sources to be left alone, as `asked.until`.
ASKED: Final = f"SELECT {_HOST.format(address='o.url')} AS host, max(newest.not_before) AS until {_SOURCES} GROUP BY 1"
OF_SOURCE: Final = f"asked.host = {_HOST.format(address='s.url')}"
_OTHERS: Final = f"SELECT max(newest.not_before) {_SOURCES} AND o.id <> :source AND {_HOST.format(address='o.url')} = :host"


def host_of(url: Any) -> str:
    """Return the host and port of a source's address, and an empty text where there is none."""
    found = re.match(_PATTERN, url or "")
    return found[1].lower() if found else ""


def left_alone_until(source_id: str, url: str) -> datetime | None:
    """Return until when the host of a source wants to be left alone, as it said when another source on it was read."""
    host = host_of(url)
    return model.Session.scalar(sa.text(_OTHERS), {"source": source_id, "host": host}) if host else None

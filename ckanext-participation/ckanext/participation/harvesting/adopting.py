"""Datasets that a stock RDF harvest knows by a name made of their title: found again by what they say, on the first run after the switch.

ckanext-dcat identifies a dataset without URI and identifier by the name that it got here, which no feed contains.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.harvesting.engine import identifiers, state
from ckanext.participation.harvesting.engine.dcat_reading import Entry
from ckanext.participation.harvesting.engine.model import HarvestState
from ckanext.participation.harvesting.from_rdf import DCAT, DCT
from ckanext.participation.harvesting.statements import Statements, value


@dataclass
class _Kept:
    """A dataset that only a stock harvest has written so far."""

    guid: str
    package_id: str
    titles: set[str]
    page: str
    files: set[str] = field(default_factory=set)


class Adoption:
    """One run's search for its datasets; asks the database nothing once there is none left to find."""

    def __init__(self, gathering: Any) -> None:
        self._gathering = gathering
        self._left: list[_Kept] | None = None

    def adopt(self, page: Statements, read: Sequence[tuple[str, Entry]]) -> None:
        """Give the datasets of those records that are not known the identifiers that they have from now on."""
        if self._left is None:
            self._left = _never_ours(self._gathering.source_id)
        here = {entry.guid for _, entry in read}
        for ref, entry in read:
            free = [one for one in self._left if one.guid not in here]
            if not free:
                return
            if not self._gathering.known.knows(entry.guid) and (found := _same(page, ref, free)) is not None:
                self._left.remove(found)
                state.rename(self._gathering.source_id, found.guid, entry.guid)
                self._gathering.known.rename(found.guid, entry.guid)


def _same(page: Statements, ref: str, kept: Sequence[_Kept]) -> _Kept | None:
    said = {value(one) for one in page.targets(ref, f"<{DCT.identifier}>")}
    titles = {value(one).strip() for one in page.targets(ref, f"<{DCT.title}>")}
    pages = {value(one) for one in page.targets(ref, f"<{DCAT.landingPage}>")}
    files = identifiers.files(page, ref)
    by_identifier = next((one for one in kept if one.guid in said), None)
    if by_identifier is not None:
        return by_identifier
    alike = [one for one in kept if one.titles & titles]
    # Of several with one title, the one with the same page or files; else any, rather than to make it anew and lose its conversations.
    return max(alike, key=lambda one: (one.page in pages, len(one.files & files)), default=None)


def _never_ours(source_id: str) -> list[_Kept]:
    known, package = HarvestState, model.Package
    rows: Any = model.Session.execute(
        sa.select(known.guid, package.id, package.title, package.url, package.extras)
        .join(package, package.id == known.package_id)
        .where(known.source_id == source_id, known.mapped_with == "", known.mapped_digest == "", package.state == "active")
        .order_by(known.guid)
    )
    found = {row.id: _Kept(row.guid, row.id, {row.title, *_titles(row.extras)}, row.url or "") for row in rows}
    files = sa.select(model.Resource.package_id, model.Resource.url).where(
        model.Resource.package_id.in_(list(found)), model.Resource.state == "active")
    for package_id, url in model.Session.execute(files):
        found[package_id].files.add(url)
    return list(found.values())


def _titles(extras: Any) -> list[str]:
    try:
        said = json.loads((extras or {}).get("title_translated") or "{}")
    except ValueError:
        return []
    return [str(title) for title in said.values()] if isinstance(said, dict) else []

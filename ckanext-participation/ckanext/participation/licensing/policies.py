"""Which licences an organisation publishes under, and what it has under others.

A policy never refuses a dataset: forms offer only its licences, and what a harvest or the API brings besides is let in, flagged to the
organisation's staff and counted. Counts are of the moment, from CKAN's own table, and of the dataset's licence; a file's own licence
does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from cachetools import TTLCache, cached
from ckan import model

from ckanext.participation.common import memo
from ckanext.participation.common.translated import in_language
from ckanext.participation.licences import box, further, rules
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing.records import LicencePolicy


@dataclass(frozen=True, slots=True)
class Policy:
    """The licences of an organisation by register id; none at all means that it has not chosen."""

    allowed: tuple[str, ...] = ()
    default: str | None = None

    def leaves_out(self, licence_id: str) -> bool:
        """Say whether a licence (a register id, `notspecified` or `unrecognised`) is outside of what was chosen."""
        return bool(self.allowed) and licence_id not in self.allowed


def of(organization_id: str | None) -> Policy:
    """Return an organisation's policy; one statement, once per request."""
    if not organization_id:
        return Policy()
    return memo.once(("licence policy", organization_id), lambda: _read(organization_id))


_lately: TTLCache[str, Policy] = TTLCache(1024, 60)
_lock = threading.Lock()


@cached(_lately, key=str, lock=_lock)
def of_lately(organization_id: str) -> Policy:
    """Return an organisation's policy of at most a minute ago: for pages that only flag something, and would ask every time in vain."""
    return of(organization_id)


def forget(organization_id: str) -> None:
    """Let the pages of this process know of a new choice at once."""
    with _lock:
        _lately.pop(organization_id, None)


def _read(organization_id: str) -> Policy:
    row = model.Session.get(LicencePolicy, organization_id)
    return Policy(tuple(row.allowed), row.default_id) if row else Policy()


def recognised(licence_id: str) -> str:
    """Return what CKAN's `license_id` means: a register id, `notspecified`, or `unrecognised`."""
    return _recognised(licence_id, tuple(further.names().items()))


@lru_cache(maxsize=4096)
def _recognised(licence_id: str, names: tuple[tuple[str, str], ...]) -> str:
    register = bundled_register()
    if not licence_id.strip():
        return box.NOT_SPECIFIED
    if licence_id in register.licences:
        return licence_id
    return rules.recognise(register, licence_id=licence_id, extra=dict(names)).id or box.UNRECOGNISED


def used(organization_id: str) -> dict[str, int]:
    """Return how many datasets of an organisation are under each licence, the most frequent first; one statement."""
    found: dict[str, int] = {}
    for stored, number in model.Session.execute(_USED, {"organization": organization_id}):
        name = recognised(stored or "")
        found[name] = found.get(name, 0) + number
    return dict(sorted(found.items(), key=lambda row: (-row[1], row[0])))


def outside(organization_id: str, policy: Policy, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Return datasets of an organisation that its policy leaves out, by name after `after`; two statements."""
    stored = [name or "" for name in model.Session.scalars(_STORED, {"organization": organization_id})]
    left_out = [name for name in stored if policy.leaves_out(recognised(name))]
    if not left_out:
        return []
    rows = model.Session.execute(_OUTSIDE, {"organization": organization_id, "licences": left_out, "after": after, "most": limit})
    return [{"id": row.id, "name": row.name, "title": in_language(row.translated, str(tk.h.lang()), row.title or row.name),
             "private": row.private, "licence": recognised(row.license_id or ""), "url": tk.url_for("dataset.read", id=row.name)}
            for row in rows]


def offered(chosen: Collection[str]) -> list[dict[str, Any]]:
    """Return the licences to choose from, by name in the reader's language: those for forms, and what is chosen already.

    Each is `{"id", "name", "openness": open | not-open | unknown, "local": whether it is of one province, city or body}`.
    """
    lang = str(tk.h.lang())
    rows = [{"id": licence.id, "name": licence.name(lang), "openness": rules.openness(licence),
             "local": "-" in licence.jurisdiction} for licence in bundled_register()
            if (licence.selectable or licence.id in chosen) and licence.id != box.NOT_SPECIFIED]
    return sorted(rows, key=lambda row: row["name"].casefold())


_PACKAGE = model.Package.__table__
_OF_ORGANIZATION = sa.and_(_PACKAGE.c.owner_org == sa.bindparam("organization"), _PACKAGE.c.state == "active", _PACKAGE.c.type == "dataset")
_USED = sa.select(_PACKAGE.c.license_id, sa.func.count()).where(_OF_ORGANIZATION).group_by(_PACKAGE.c.license_id)
_STORED = sa.select(_PACKAGE.c.license_id).where(_OF_ORGANIZATION).distinct()
_OUTSIDE = sa.select(_PACKAGE.c.id, _PACKAGE.c.name, _PACKAGE.c.title, _PACKAGE.c.private, _PACKAGE.c.license_id,
                     _PACKAGE.c.extras["title_translated"].label("translated")).where(
    _OF_ORGANIZATION, sa.func.coalesce(_PACKAGE.c.license_id, "").in_(sa.bindparam("licences", expanding=True)),
    _PACKAGE.c.name > sa.bindparam("after")).order_by(_PACKAGE.c.name).limit(sa.bindparam("most"))

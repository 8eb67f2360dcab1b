"""What the database says of datasets, as the rules take it: columns straight from CKAN's tables, a few statements for hundreds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.licences import box, further, saying
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.quality import freshness, opening
from ckanext.participation.quality.rules import LANGUAGES, Facts, with_files

_MOST_KEPT = 20_000
_P, _R = model.Package.__table__, model.Resource.__table__
_PACKAGES = sa.select(_P.c.id, _P.c.owner_org, _P.c.private, _P.c.license_id, _P.c.extras, _P.c.title, _P.c.notes, _P.c.author_email,
                      _P.c.maintainer_email).where(_P.c.state == "active", _P.c.type == "dataset")
_RESOURCES = sa.select(_R.c.package_id, _R.c.url, _R.c.url_type, _R.c.format, _R.c.last_modified, _R.c.extras).where(_R.c.state == "active")


@dataclass(frozen=True, slots=True)
class Read:
    """One dataset: its facts without the states of its addresses, and the addresses that are not this site's own."""

    id: str
    organization_id: str | None
    private: bool
    facts: Facts
    urls: tuple[str, ...]


def these(ids: Sequence[str]) -> Iterator[Read]:
    """Yield those of these datasets that are active, private ones among them."""
    files: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(_RESOURCES.where(_R.c.package_id.in_(ids)).order_by(_R.c.package_id, _R.c.position)):
        files[row.package_id].append(row)
    terms = _terms()
    for row in model.Session.execute(_PACKAGES.where(_P.c.id.in_(ids)).order_by(_P.c.id)):
        yield _read(row, files[row.id], terms)


def _read(row: Any, files: Sequence[Any], terms: _Terms) -> Read:
    extras = row.extras if isinstance(row.extras, dict) else {}
    placed = [file for file in files if file.url or file.url_type == "upload"]
    licence, is_open = terms.of(row.license_id or "", extras, files)
    titles = _languages(extras.get("title_translated"))
    return Read(row.id, row.owner_org, bool(row.private), Facts(
        licence=licence, open=is_open, contact=_contact(row, extras), titles=titles,
        descriptions=None if titles is None else _languages(extras.get("notes_translated")) or frozenset(),
        files=tuple(file.format or "" for file in placed), frequency=_text(extras.get("frequency")), updated=_updated(extras, files),
    ), tuple(dict.fromkeys(file.url.strip() for file in placed if file.url and file.url_type != "upload")))


class _Terms:
    """Licences by the words that state them: a catalogue says the same few things thousands of times."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._known: dict[Any, tuple[str, bool | None]] = {}

    def serves(self, names: Mapping[str, str]) -> bool:
        """Say whether what was found still holds under these names, and is not too much."""
        return names == self._names and len(self._known) < _MOST_KEPT

    def of(self, licence_id: str, extras: Mapping[str, Any], files: Sequence[Any]) -> tuple[str, bool | None]:
        """Return the state of the dataset's licence and whether it is open; of one that states none, what all of its files state."""
        said = tuple((key, value) for key in _SAYING if isinstance(value := extras.get(key), str) and value)
        found = self._once((licence_id, said), lambda: box.of_dataset(
            bundled_register(), {"license_id": licence_id, "extras": [{"key": key, "value": value} for key, value in said]}, self._names))
        return with_files(found, lambda: [self._of_file(file.extras if isinstance(file.extras, dict) else {}) for file in files])

    def _of_file(self, extras: Mapping[str, Any]) -> tuple[str, bool | None]:
        said = tuple((key, value) for key in saying.FILE_FIELDS if isinstance(value := extras.get(key), str) and value)
        return self._once(("", said, "file"), lambda: box.of_file(bundled_register(), dict(said), self._names)) if said else ("", None)

    def _once(self, key: Any, find: Any) -> tuple[str, bool | None]:
        if key not in self._known:
            self._known[key] = opening.state_of(find())
        return self._known[key]


_kept: list[_Terms] = []


def _terms() -> _Terms:
    names = further.names(fresh=True)
    if not (_kept and _kept[0].serves(names)):
        _kept[:] = [_Terms(names)]
    return _kept[0]


_SAYING = (saying.AS_PUBLISHED, *saying.MORE_TITLES, *saying.MORE_ADDRESSES, *saying.MORE_TEXTS)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def _languages(value: Any) -> frozenset[str] | None:
    texts = _json(value)
    if not isinstance(texts, dict):
        return None
    return frozenset(lang for lang in LANGUAGES if isinstance(text := texts.get(lang), str) and text.strip())


# As ckanext-dcat writes it where a dataset type has no field for it.
_CONTACT_EXTRAS = ("contact_email", "contact_uri", "contact_url")


def _contact(row: Any, extras: Mapping[str, Any]) -> bool:
    if row.author_email or row.maintainer_email or any(_text(extras.get(key)).strip() for key in _CONTACT_EXTRAS):
        return True
    people = _json(extras.get("contact"))
    return any(isinstance(one, dict) and (one.get("email") or one.get("url")) for one in (people if isinstance(people, list) else []))


def _updated(extras: Mapping[str, Any], files: Sequence[Any]) -> date | None:
    """Return the latest day that the publisher states; when the record was written here says nothing about the data."""
    days = [freshness.day_of(extras.get(key)) for key in ("modified", "issued")]
    for file in files:
        own = file.extras if isinstance(file.extras, dict) else {}
        days += [freshness.day_of(own.get(key)) for key in ("modified", "issued")]
        if isinstance(file.last_modified, datetime):
            days.append(file.last_modified.date())
    return max((day for day in days if day), default=None)

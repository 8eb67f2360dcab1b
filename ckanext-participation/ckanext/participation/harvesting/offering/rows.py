"""Datasets as an anonymous reader gets them from `package_show`, as far as the feeds need them, from rows read many at a time.

What differs from row to row is read by three statements for all of them, without objects of SQLAlchemy and without the show schema:
`suitable` says on which sites that gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import orjson
import sqlalchemy as sa
from ckan import model
from ckan.lib import munge

from ckanext.participation.harvesting.offering.values import Moment

_DATASETS: Final = sa.text(
    "SELECT id, name, title, notes, url, version, author, author_email, maintainer, maintainer_email, license_id, owner_org, "
    "metadata_created, metadata_modified, extras::text FROM package "
    "WHERE id = ANY(:ids) AND state = 'active' AND NOT private AND type = 'dataset'")
_COLUMNS: Final = ("id", "name", "title", "notes", "url", "version", "author", "author_email", "maintainer", "maintainer_email",
                   "license_id", "owner_org", "metadata_created", "metadata_modified")
_FILES: Final = sa.text(
    "SELECT package_id, id, url, format, description, hash, name, mimetype, size, created, metadata_modified, url_type, extras "
    "FROM resource WHERE package_id = ANY(:ids) AND state = 'active' ORDER BY package_id, position")
_FILE_COLUMNS: Final = ("package_id", "id", "url", "format", "description", "hash", "name", "mimetype", "size", "created",
                        "metadata_modified", "url_type")
_TAGS: Final = sa.text(
    "SELECT link.package_id, tag.name FROM package_tag link JOIN tag ON tag.id = link.tag_id "
    "WHERE link.package_id = ANY(:ids) AND link.state = 'active' ORDER BY tag.name")


@dataclass(frozen=True)
class Form:
    """How the schema keeps fields: names of all fields of a dataset, and those that are JSON, of a dataset, of a file and of a group."""

    fields: frozenset[str]
    json_fields: frozenset[str]
    json_file_fields: frozenset[str]
    json_subfields: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read(ids: Iterable[str], form: Form, organisations: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the datasets with these ids that are public now; one whose fields cannot be read has the key `unreadable`."""
    run = model.Session.connection().execute
    found: dict[str, dict[str, Any]] = {}
    for row in run(_DATASETS, {"ids": list(ids)}):
        dataset: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
        dataset["metadata_modified"] = Moment(dataset["metadata_modified"].isoformat())
        created = dataset["metadata_created"]
        dataset["metadata_created"] = Moment(created.isoformat()) if created else None
        dataset["title"] = (dataset["title"] or "").strip()
        dataset["license_url"], dataset["license_title"] = _licence(dataset["license_id"])
        dataset["organization"] = organisations.get(dataset["owner_org"] or "")
        dataset["resources"], dataset["extras"] = [], []
        _take(dataset, row[-1], form)
        found[dataset["id"]] = dataset
    if not found:
        return []
    address = _upload_address()
    for row in run(_FILES, {"ids": list(found)}):
        file: dict[str, Any] = dict(zip(_FILE_COLUMNS, row, strict=False))
        for name in ("created", "metadata_modified"):
            file[name] = Moment(file[name].isoformat()) if file[name] else None
        dataset = found[file["package_id"]]
        try:
            _take_file(file, row[-1], form)
        except (ValueError, TypeError):
            dataset["unreadable"] = True
        file["url"] = _address(file, address)
        dataset["resources"].append(file)
    untranslated = [one for one, dataset in found.items() if "tags_translated" not in dataset]
    if untranslated:
        for identifier, name in run(_TAGS, {"ids": untranslated}):
            found[identifier].setdefault("tags", []).append({"name": name})
    return list(found.values())


def _take(dataset: dict[str, Any], written: str | None, form: Form) -> None:
    """Put the fields of the schema where `package_show` has them, and the others among the extras."""
    for key, value in (orjson.loads(written) if written else {}).items():
        if key not in form.fields:
            dataset["extras"].append({"key": key, "value": value})
        elif key in form.json_fields:
            try:
                dataset[key] = orjson.loads(value) if isinstance(value, str) else value
            except ValueError:
                dataset["unreadable"] = True
        else:
            dataset[key] = value
    for key, names in form.json_subfields.items():
        if key in dataset and not _parsed(dataset[key], names):
            dataset["unreadable"] = True


def _parsed(rows: Any, names: frozenset[str]) -> bool:
    """Read the subfields that are JSON; say whether all is as it should be."""
    if not isinstance(rows, list):
        return False
    for row in rows:
        if not isinstance(row, dict):
            return False
        for name in names & row.keys():
            if isinstance(row[name], str):
                try:
                    row[name] = orjson.loads(row[name])
                except ValueError:
                    return False
    return True


def _take_file(file: dict[str, Any], written: str | None, form: Form) -> None:
    file.update(orjson.loads(written) if written else {})
    for name in form.json_file_fields & file.keys():
        if isinstance(file[name], str):
            file[name] = orjson.loads(file[name])


def _address(file: Mapping[str, Any], upload: Callable[[str, str, str], str]) -> Any:
    """Return a file's address as CKAN's `resource_dictize` gives it."""
    url = file["url"]
    if not isinstance(url, str):
        return url
    if file.get("url_type") == "upload":
        return upload(file["package_id"], file["id"], munge.munge_filename(url.rsplit("/")[-1]))
    if not url or url.startswith(("https://", "http://")) or urlsplit(url).scheme:
        return url
    return "http://" + url.lstrip("/")


def _upload_address() -> Callable[[str, str, str], str]:
    """Return what gives the address of an uploaded file, without asking Flask each time."""
    whole = tk.url_for("dataset_resource.download", id="DATASET", resource_id="FILE", filename="NAME", qualified=True)
    return lambda dataset, file, name: whole.replace("DATASET", dataset, 1).replace("FILE", file, 1).replace("NAME", name, 1)


@lru_cache(maxsize=2000)
def _licence(identifier: str | None) -> tuple[str | None, str | None]:
    """Return the address and the title that CKAN shows of a licence id."""
    known = model.Package.get_license_register().get(identifier) if identifier else None
    if known is None:
        return None, identifier
    return (known.url, known.title.split("::")[-1]) if known.url else (None, known.title)

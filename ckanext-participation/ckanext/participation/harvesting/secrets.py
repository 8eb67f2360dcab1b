"""A source's settings are for those who may change it: they may hold a key to the source.

ckanext-harvest shows them to everybody who may see the source, in `package_show`, `harvest_source_show` and `package_search`, and lets the
search find the source by them.
"""

from __future__ import annotations

import json
from typing import Any

from ckan import model
from ckanext.harvest.model import HarvestSource

from ckanext.participation.common import rights

SOURCE = "harvest"
_LIFTED = frozenset({"source_type", "frequency"})
# What a source says of itself besides; a setting of the same name never stands for it.
_SAID = frozenset(
    ["id", "name", "title", "type", "url", "source_type", "frequency", "active", "state", "status", "private", "owner_org", "organization",
     "notes", "extras", "resources", "groups", "tags", "relationships_as_subject", "relationships_as_object", "isopen", "num_resources",
     "num_tags", "metadata_created", "metadata_modified", "creator_user_id"]
    + [column.name for column in model.package_table.c]
)


def shown(context: Any, package: dict[str, Any]) -> None:
    """Leave the settings out of a source that is shown, unless to somebody who may change it."""
    if package.get("type") != SOURCE:
        return
    source: Any = HarvestSource.get(package["id"])
    config = source.config if source else None
    _without(package, config)
    # After each run ckanext-harvest has the search keep a source without its own schema, in which its fields are extras.
    for row in package.get("extras") or []:
        if row.get("key") in _LIFTED:
            package.setdefault(row["key"], row["value"])
    if config and _may_change(context, package["id"]):
        # The search, from which a source may have been read, has no settings to show.
        package.update({name: value for name, value in _read(config).items() if name not in _SAID}, config=config)


def listed(context: Any, source: dict[str, Any]) -> None:
    """Leave the settings out of a source in ckanext-harvest's list, unless for somebody who may change it."""
    if source.get("config") and not _may_change(context, source["id"]):
        _without(source, source["config"])


def indexed(package: dict[str, Any]) -> None:
    """Keep the settings out of the search, and how the source stands: that is asked whenever it is shown, and a copy would soon be old."""
    if package.get("type", package.get("dataset_type")) != SOURCE:
        return
    config = package.pop("config", None) or package.get("extras_config")
    for name in [name for name in package if name.removeprefix("extras_") in {"config", *_settings(config)}]:
        del package[name]
    package.pop("status", None)
    for name in ("data_dict", "validated_data_dict"):
        if isinstance(package.get(name), str):
            told = json.loads(package[name])
            _without(told, config or told.get("config"))
            told.pop("status", None)
            package[name] = json.dumps(told)


def _without(package: dict[str, Any], config: Any) -> None:
    for name in {"config", *_settings(config)}:
        package.pop(name, None)
    if isinstance(package.get("extras"), list):
        package["extras"] = [row for row in package["extras"] if row.get("key") != "config"]


def _settings(config: Any) -> set[str]:
    return set(_read(config)) - _SAID


def _read(config: Any) -> dict[str, Any]:
    if isinstance(config, dict):
        return config
    try:
        said = json.loads(config or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _may_change(context: Any, source_id: str) -> bool:
    return bool(context.get("ignore_auth")) or rights.allowed(context, "harvest_source_update", {"id": source_id})

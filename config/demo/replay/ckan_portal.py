"""A CKAN portal's action API, as far as harvesters read it.

``actions`` is the table of what is served. Errors have CKAN's shape and status: 404 not found, 409
validation, 400 for a query that cannot be read or an unknown action.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.front_page import dataset_page
from replay.package_search import SearchError, package_search
from replay.recordings import addressed, read_json, read_text
from replay.reply import Reply
from replay.solr_query import QueryError

Record = dict[str, Any]
JSON = "application/json;charset=utf-8"
LIST_MAX = 1000
LIST_ALL_FIELDS_MAX = 25


@dataclass
class ActionError(Exception):
    """What CKAN answers instead of a result."""

    status: int
    kind: str
    details: Record


def not_found(message: str = "") -> ActionError:
    return ActionError(
        404, "Not Found Error", {"message": f"Not found: {message}" if message else "Not found"}
    )


def invalid(field: str, message: str) -> ActionError:
    return ActionError(409, "Validation Error", {field: [message]})


class Portal:
    """``datasets`` and ``organizations`` (by name) are what is served: change them between two requests."""

    def __init__(self, folder: Path) -> None:
        lines = read_text(folder / "datasets.jsonl").splitlines()
        portal = read_json(folder / "portal.json")
        self.datasets: dict[str, Record] = {dataset["name"]: dataset for dataset in map(json.loads, lines)}
        self.organizations: dict[str, Record] = {each["name"]: each for each in portal["organizations"]}
        self.groups: dict[str, Record] = {}
        self.licenses: list[Record] = portal["licenses"]
        self.status: Record = portal["status"]
        self.actions: dict[str, Callable[[Record], Any]] = {
            "site_read": lambda parameters: True,
            "status_show": lambda parameters: self.status,
            "license_list": lambda parameters: self.licenses,
            "package_list": self._package_list,
            "package_show": self._package_show,
            "package_search": self._package_search,
            "organization_list": lambda parameters: self._group_list(self.organizations, parameters),
            "organization_show": lambda parameters: self._group_show(self.organizations, parameters),
            "group_list": lambda parameters: self._group_list(self.groups, parameters),
            "group_show": lambda parameters: self._group_show(self.groups, parameters),
        }

    def answer(self, path: str, parameters: Record, base: str) -> Reply | None:
        parts = path.strip("/").split("/")
        if parts[:1] == ["dataset"] and len(parts) == 2:
            return self._dataset_page(parts[1])
        if parts[:1] != ["api"] or len(parts) < 3 or parts[-2] != "action" or parts[1:-2] not in ([], ["3"]):
            return None
        name = parts[-1]
        if name not in self.actions:
            return _json(400, f"Bad request - Action name not known: {name}", base)
        reply: Record = {"help": f"{base}/csa/api/3/action/help_show?name={name}"}
        try:
            result = self.actions[name](parameters)
        except ActionError as error:
            return _json(
                error.status,
                {**reply, "error": {**error.details, "__type": error.kind}, "success": False},
                base,
            )
        return _json(200, {**reply, "success": True, "result": result}, base)

    def _dataset_page(self, name: str) -> Reply | None:
        """The dataset's own page: harvested datasets link to it."""
        found = self.datasets.get(name)
        if found is None or found not in self._active():
            return None
        return dataset_page(found["title"], found.get("title_translated") or {})

    def _active(self) -> list[Record]:
        return [each for each in self.datasets.values() if each["state"] == "active" and not each["private"]]

    def _package_list(self, parameters: Record) -> list[str]:
        return _page(sorted(dataset["name"] for dataset in self._active()), parameters, None)

    def _package_show(self, parameters: Record) -> Record:
        wanted = _required(parameters, "id")
        found = self.datasets.get(wanted) or next(
            (each for each in self.datasets.values() if each["id"] == wanted), None
        )
        if found is None or found["state"] != "active":
            raise not_found()
        if found["private"]:
            raise ActionError(403, "Authorization Error", {"message": "Access denied"})
        return found

    def _package_search(self, parameters: Record) -> Record:
        titles = {name: group["title"] for name, group in [*self.organizations.items(), *self.groups.items()]}
        titles |= {each["id"]: each["title"] for each in self.licenses}
        try:
            return package_search(self._active(), parameters, titles)
        except QueryError as error:
            raise ActionError(409, "Search Error", {"message": f"Search error: {str(error)!r}"}) from error
        except SearchError as error:
            if error.field:
                raise invalid(error.field, str(error)) from error
            message = f"Search Query is invalid: {str(error)!r}"
            raise ActionError(400, "Search Query Error", {"message": message}) from error

    def _group_list(self, groups: dict[str, Record], parameters: Record) -> list[Any]:
        if not _true(parameters.get("all_fields")):
            return _page(sorted(groups), parameters, LIST_MAX)
        names = _page(sorted(groups), parameters, LIST_ALL_FIELDS_MAX)
        return [self._group_dict(groups[name]) for name in names]

    def _group_show(self, groups: dict[str, Record], parameters: Record) -> Record:
        wanted = _required(parameters, "id")
        found = groups.get(wanted) or next((each for each in groups.values() if each["id"] == wanted), None)
        if found is None:
            raise not_found()
        return {**self._group_dict(found), "extras": [], "tags": [], "groups": [], "users": []}

    def _group_dict(self, group: Record) -> Record:
        owned = sum(dataset["owner_org"] == group["id"] for dataset in self._active())
        return {
            **group,
            "display_name": group["title"] or group["name"],
            "package_count": owned,
            "num_followers": 0,
            "image_display_url": group["image_url"],
        }


def _json(status: int, value: Any, base: str) -> Reply:
    headers = {"Cache-Control": "private", "Access-Control-Allow-Origin": "*"}
    return Reply(addressed(json.dumps(value), base), JSON, status, headers=headers)


def _required(parameters: Record, field: str) -> str:
    value = parameters.get(field)
    if not value:
        raise invalid(field, "Missing value")
    if not isinstance(value, str):
        raise invalid(field, "Must be a Unicode string value")
    return value


def _page(names: list[str], parameters: Record, most: int | None) -> list[str]:
    offset = _natural(parameters, "offset") or 0
    limit = _natural(parameters, "limit") or most
    if limit is not None and most is not None:
        limit = min(limit, most)
    return names[offset:] if limit is None else names[offset : offset + limit]


def _natural(parameters: Record, field: str) -> int | None:
    value = parameters.get(field)
    if value in (None, ""):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise invalid(field, "Invalid integer") from None
    if number < 0:
        raise invalid(field, "Must be a natural number")
    return number


def _true(value: Any) -> bool:
    return str(value).strip().lower() in {"true", "yes", "on", "y", "t", "1"}

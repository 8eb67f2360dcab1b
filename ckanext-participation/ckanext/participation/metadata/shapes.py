"""The shape of a dataset before it is validated: groups of values become lists of dictionaries. Pure.

A form sends `contact-0-name`, `contact-0-email`; an API client may send one dictionary, or JSON text. What cannot be
understood is refused on its own field; left alone, CKAN would raise an error that names no field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.participation.common.marking import N_
from ckanext.participation.metadata.rules import Refused

# A form sends `contact-shown` so that removing the last entry is told apart from a form page without the field.
SHOWN = "shown"

CORE_LISTS = ("resources", "tags", "extras", "groups", "relationships_as_subject", "relationships_as_object")


def gather(data: dict[str, Any], names: Iterable[str]) -> None:
    """Replace a form's inputs for each field in `names` by one list, without the entries left blank."""
    for name in names:
        entry = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-(.+)")
        rows: dict[int, dict[str, Any]] = {}
        sent = data.pop(f"{name}-{SHOWN}", None) is not None
        for key in [key for key in data if isinstance(key, str) and key.startswith(f"{name}-")]:
            match = entry.fullmatch(key)
            if match:
                sent = True
                rows.setdefault(int(match[1]), {})[match[2]] = data.pop(key)
        if sent:
            data[name] = [rows[index] for index in sorted(rows) if not _blank(rows[index])]


def _blank(row: Mapping[str, Any]) -> bool:
    return all(value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()) for value in row.values())


def listed(value: object) -> list[dict[str, Any]]:
    """A list of dictionaries, from one, from a single dictionary, or from the JSON text of either."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Refused(N_("Give a list of groups of values here, such as [{\"name\": \"…\"}]."))
    return [row for row in value if not _blank(row)]


def misshapen(data: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Those of CKAN's own lists in `names` that are not lists of dictionaries."""
    wrong = []
    for name in names:
        value = data.get(name)
        if value and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
            wrong.append(name)
    return wrong

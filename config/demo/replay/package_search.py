"""CKAN's ``package_search`` over plain dataset dictionaries.

Documents are made as CKAN indexes them, so that ``fl`` answers what Solr stores: an organisation is its name,
tags and formats are lists, dates have milliseconds and a Z. ``rows`` is cut at 1000 as CKAN does; parameters
that CKAN refuses (``cursorMark`` among them) are refused.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from replay.solr_query import DATE_FIELDS, QueryError, fold, parse, words

Record = dict[str, Any]

ROWS_MAX = 1000
ACCEPTED = {
    "q",
    "fl",
    "fq",
    "fq_list",
    "rows",
    "sort",
    "start",
    "qf",
    "bf",
    "boost",
    "facet",
    "facet.mincount",
    "facet.limit",
    "facet.field",
    "extras",
    "tie",
    "defType",
    "mm",
    "df",
    "wt",
    "include_private",
    "include_drafts",
    "include_deleted",
    "use_default_schema",
}
STORED_TEXT = {
    "id",
    "name",
    "title",
    "notes",
    "version",
    "url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license_id",
    "state",
}
MANY = {"tags", "groups", "res_name", "res_description", "res_format", "res_url"}


class SearchError(ValueError):
    """The search is refused; ``field`` is set where one parameter's value is wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def package_search(datasets: list[Record], parameters: Record, titles: dict[str, str]) -> Record:
    unknown = sorted(name for name in parameters if name not in ACCEPTED and not name.startswith("ext_"))
    if unknown:
        raise SearchError(f"Invalid search parameters: {unknown}")
    query = str(parameters.get("q") or "*:*")
    filters = [parse(text) for name in ("fq", "fq_list") for text in _strings(parameters.get(name))]
    fielded = ":" in query
    matcher = parse(query) if fielded else parse(" ".join(words(query)))
    documents = [(document(dataset), dataset) for dataset in datasets]
    found = [pair for pair in documents if matcher(pair[0]) and all(keeps(pair[0]) for keeps in filters)]
    sort = str(parameters.get("sort") or "score desc, metadata_modified desc")
    for field, descending in reversed(list(_sort_keys(sort))):
        found.sort(key=lambda pair: _sort_key(pair[0], field, query), reverse=descending)
    start = _number(parameters, "start", 0)
    rows = min(_number(parameters, "rows", 10), ROWS_MAX)
    wanted = [name for text in _strings(parameters.get("fl")) for name in re.split(r"[\s,]+", text) if name]
    page = found[start : start + rows]
    facets = _facets([doc for doc, _ in found], parameters)
    return {
        "count": len(found),
        "facets": facets,
        "results": [stored(doc, wanted) for doc, _ in page] if wanted else [dataset for _, dataset in page],
        "sort": sort,
        "search_facets": {field: _named(field, counts, titles) for field, counts in facets.items()},
    }


def document(dataset: Record) -> dict[str, list[str]]:
    """The dataset as Solr indexes it: every field a list of strings."""
    fields: dict[str, list[str]] = {}
    for name, value in dataset.items():
        if isinstance(value, str) and value:
            fields[name] = [value]
        elif isinstance(value, bool | int):
            fields[name] = [str(value).lower()]
        elif (
            isinstance(value, dict | list)
            and value
            and name not in {"resources", "organization", "groups", "tags"}
        ):
            fields[name] = [json.dumps(value, ensure_ascii=False)]
    resources = dataset.get("resources", [])
    fields |= {
        "organization": [dataset["organization"]["name"]] if dataset.get("organization") else [],
        "groups": [group["name"] for group in dataset.get("groups", [])],
        "tags": [tag["name"] for tag in dataset.get("tags", [])],
        "capacity": ["private" if dataset["private"] else "public"],
        "dataset_type": [dataset["type"]],
        "entity_type": ["package"],
        "res_name": [resource["name"] for resource in resources if resource.get("name")],
        "res_description": [resource["description"] for resource in resources if resource.get("description")],
        "res_format": [resource["format"] for resource in resources if resource.get("format")],
        "res_url": [resource["url"] for resource in resources if resource.get("url")],
        "metadata_modified": [solr_date(dataset["metadata_modified"])],
        "metadata_created": [solr_date(dataset["metadata_created"])],
    }
    fields["text"] = [text for name, values in fields.items() if name not in DATE_FIELDS for text in values]
    return fields


def solr_date(text: str) -> str:
    """As Solr writes it: milliseconds without trailing zeros, UTC."""
    moment = datetime.fromisoformat(text)
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def stored(fields: dict[str, list[str]], wanted: list[str]) -> Record:
    """The part of a document that ``fl`` asks for; ``*`` is all that Solr keeps."""
    kept = STORED_TEXT | MANY | DATE_FIELDS | {"organization", "capacity", "dataset_type", "entity_type"}
    names = kept if "*" in wanted else kept.intersection(wanted)
    return {
        name: fields[name] if name in MANY else fields[name][0] for name in sorted(names) if fields.get(name)
    }


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _number(parameters: Record, field: str, default: int) -> int:
    try:
        number = int(parameters.get(field, default))
    except (TypeError, ValueError):
        raise SearchError("Invalid integer", field) from None
    if number < 0:
        raise SearchError("Must be a natural number", field)
    return number


def _sort_keys(sort: str) -> Iterator[tuple[str, bool]]:
    for part in sort.split(","):
        try:
            field, direction = part.split()
        except ValueError:
            raise SearchError('Invalid "sort" parameter') from None
        if direction.lower() not in {"asc", "desc"}:
            raise SearchError('Invalid "sort" parameter')
        yield field, direction.lower() == "desc"


def _sort_key(fields: dict[str, list[str]], field: str, query: str) -> Any:
    if field == "score":
        title = set(words(" ".join(fields.get("title", []))))
        return sum(word in title for word in words(query))
    if field == "title_string":
        return fold(" ".join(fields.get("title", [])))
    return (fields.get(field) or [""])[0]


def _facets(documents: list[dict[str, list[str]]], parameters: Record) -> dict[str, dict[str, int]]:
    asked = parameters.get("facet.field", [])
    if isinstance(asked, str):
        try:
            asked = json.loads(asked)
        except json.JSONDecodeError:
            raise QueryError(f"facet.field is not a JSON list: {asked}") from None
    limit = _number(parameters, "facet.limit", 50) if str(parameters.get("facet.limit", "")) != "-1" else None
    return {
        field: dict(Counter(value for doc in documents for value in doc.get(field, ())).most_common(limit))
        for field in asked
    }


def _named(field: str, counts: dict[str, int], titles: dict[str, str]) -> Record:
    items = [
        {"name": name, "display_name": titles.get(name, name), "count": count}
        for name, count in counts.items()
    ]
    return {"title": field, "items": sorted(items, key=lambda item: item["display_name"], reverse=True)}

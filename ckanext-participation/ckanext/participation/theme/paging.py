"""Filter links and page numbers of a list: addresses are made from the request's own parameters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

Params = Sequence[tuple[str, str]]


def address(path: str, params: Iterable[tuple[str, str]]) -> str:
    """Return `path` with `params` as its query."""
    query = urlencode(list(params))
    return f"{path}?{query}" if query else path


def facet_items(
    name: str, items: Iterable[Mapping[str, Any]], path: str, params: Params, limit: int | None
) -> list[dict[str, Any]]:
    """Return the items of one facet for a filter list: chosen ones first, then by count; each with the address that toggles it.

    Filtering goes back to page 1. With a `limit`, chosen items stay even beyond it.
    """
    kept = [(key, value) for key, value in params if key != "page"]
    rows = []
    for item in items:
        pair = (name, str(item["name"]))
        active = pair in kept
        target = [entry for entry in kept if entry != pair] if active else [*kept, pair]
        rows.append(
            {
                "label": item.get("display_name") or item["name"],
                "name": item["name"],
                "count": item["count"],
                "active": active,
                "url": address(path, target),
            }
        )
    rows.sort(key=lambda row: (not row["active"], -row["count"], str(row["label"]).casefold()))
    return rows if limit is None else [row for index, row in enumerate(rows) if index < limit or row["active"]]


def chosen(
    fields: Iterable[tuple[str, str]], labels: Mapping[tuple[str, str], str], path: str, params: Params
) -> list[dict[str, str]]:
    """Return the filters in force with their labels and the address that takes each away."""
    kept = [(key, value) for key, value in params if key != "page"]
    return [
        {
            "name": name,
            "label": labels.get((name, value), value),
            "url": address(path, [entry for entry in kept if entry != (name, value)]),
        }
        for name, value in fields
    ]


def pages(current: int, last: int, path: str, params: Params) -> dict[str, Any]:
    """Return `{"prev", "next", "pages"}` for a pager: first, last and two pages around the current one; None stands for a gap."""
    kept = [(key, value) for key, value in params if key != "page"]

    def url(number: int) -> str:
        return address(path, kept if number == 1 else [*kept, ("page", str(number))])

    shown = sorted({1, last, *range(max(1, current - 1), min(last, current + 1) + 1)}) if last else []
    rows: list[dict[str, Any] | None] = []
    before = 0
    for number in shown:
        if number - before == 2:
            rows.append({"number": before + 1, "url": url(before + 1), "current": False})
        elif number - before > 2:
            rows.append(None)
        rows.append({"number": number, "url": url(number), "current": number == current})
        before = number
    return {
        "prev": url(current - 1) if current > 1 else None,
        "next": url(current + 1) if current < last else None,
        "pages": rows if last > 1 else [],
    }

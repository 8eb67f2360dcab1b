"""Validated input of the room's actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common.errors import field_error
from ckanext.participation.licences.register import bundled_register

MOST_LICENCES = 200

Data = dict[str, Any]


def licences(data: Data, field: str) -> tuple[str, ...]:
    """Return a list of register ids, in the register's order; a named error for anything else. Nothing gives an empty list."""
    raw = data.get(field) or []
    rows = [raw] if isinstance(raw, str) else raw
    if not isinstance(rows, list | tuple) or len(rows) > MOST_LICENCES or not all(isinstance(row, str) for row in rows):
        raise field_error(field, tk._("Must be a list of licence ids, at most {most}.").format(most=MOST_LICENCES))
    register = bundled_register()
    unknown = sorted({row for row in rows if row not in register.licences})
    if unknown:
        raise field_error(field, tk._("There is no licence with this id: {ids}. See participation_licence_list.").format(
            ids=", ".join(row[:80] for row in unknown[:5])))
    return tuple(name for name in register.licences if name in rows)


def default(data: Data, allowed: tuple[str, ...]) -> str | None:
    """Return the licence that forms begin with, or None; it must be one of those allowed."""
    chosen = data.get("default") or None
    if chosen is not None and chosen not in allowed:
        raise field_error("default", tk._("Must be one of the licences that you allow."))
    return chosen

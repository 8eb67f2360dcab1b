"""CKAN's own writes of datasets, given their groups of values in the shape that validation expects.

Chained on `package_create`, `package_update` and `package_patch`, so that the API, forms, harvests and the resource
actions (which all end in `package_update`) pass here once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common.marking import N_
from ckanext.participation.metadata import fields, shapes
from ckanext.participation.metadata.rules import Refused

__all__ = ["package_create", "package_patch", "package_update"]

Action = Callable[[Any, Any], Any]


@tk.chained_action
def package_create(original_action: Action, context: Any, data_dict: Any) -> Any:
    """Create a dataset; fields that hold groups of values may come as a form's inputs, one dictionary or JSON text."""
    return original_action(context, _shaped(data_dict))


@tk.chained_action
def package_update(original_action: Action, context: Any, data_dict: Any) -> Any:
    """Change a dataset; fields that hold groups of values may come as a form's inputs, one dictionary or JSON text."""
    return original_action(context, _shaped(data_dict))


@tk.chained_action
def package_patch(original_action: Action, context: Any, data_dict: Any) -> Any:
    """Change parts of a dataset; what a form page sends for a group of values replaces the whole group."""
    return original_action(context, _shaped(data_dict))


def _shaped(data_dict: Any) -> Any:
    if not isinstance(data_dict, dict) or data_dict.get("type") not in (None, "", "dataset"):
        return data_dict
    wrong = shapes.misshapen(data_dict, shapes.CORE_LISTS)
    if wrong:
        message = tk._(N_("Give a list of groups of values here, such as [{\"name\": \"…\"}]."))
        # CKAN reads the errors of tags by tag.
        raise tk.ValidationError({name: [{"name": [message]}] if name == "tags" else [message] for name in wrong})
    shaped = dict(data_dict)
    errors = _shape(shaped, "dataset")
    if shaped.get("resources"):
        shaped["resources"] = [dict(resource) for resource in shaped["resources"]]
        found = [_shape(resource, "resource") for resource in shaped["resources"]]
        if any(found):
            errors["resources"] = found
    if errors:
        raise tk.ValidationError(errors)
    return shaped


def _shape(data: dict[str, Any], kind: str) -> dict[str, Any]:
    names = fields.composites(kind)
    shapes.gather(data, names)
    errors: dict[str, Any] = {}
    for name in names:
        if name not in data:
            continue
        try:
            data[name] = shapes.listed(data[name])
        except Refused as refusal:
            errors[name] = [tk._(refusal.message)]
    return errors

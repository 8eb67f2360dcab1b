"""What plugins put around CKAN's actions that write and show a dataset. Batches do not call those actions.

What this extension chains on them only prepares the dataset, so it is called with the last link replaced. What another extension chains
may do anything before and after: then datasets must be written one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import ckan.plugins as p

OURS = "ckanext.participation."
_WRITING = ("package_create", "package_update", "package_delete", "package_owner_org_update")


def obstacles() -> list[str]:
    """Sentences about plugins that keep batches from being used on this site; none when they may be."""
    return [f"The plugin {plugin.name} has its own {name}." for name in _WRITING for plugin in _foreign(name)]


def shown_by_others() -> bool:
    """Whether another extension changes what `package_show` gives: then CKAN must be asked for each dataset."""
    return bool(_foreign("package_show"))


def prepared(name: str, context: Any, dataset: dict[str, Any]) -> dict[str, Any]:
    """The dataset as CKAN's own action would get it from this extension's chain; raises ValidationError as the chain does."""
    found: list[dict[str, Any]] = []

    def last(_context: Any, data_dict: dict[str, Any]) -> None:
        found.append(data_dict)

    action: Callable[..., Any] = last
    for function in reversed(_ours(name)):
        action = functools.partial(function, action)
    action(context, dataset)
    return found[0]


def own(plugin: Any) -> bool:
    """Whether a plugin is of this extension."""
    return type(plugin).__module__.startswith(OURS)


def _foreign(name: str) -> list[Any]:
    return [plugin for plugin in p.PluginImplementations(p.IActions) if name in plugin.get_actions() and not own(plugin)]


def _ours(name: str) -> list[Callable[..., Any]]:
    return [plugin.get_actions()[name] for plugin in p.PluginImplementations(p.IActions) if own(plugin) and name in plugin.get_actions()]

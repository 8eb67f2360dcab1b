"""Collects what the rooms offer to CKAN, so that `plugin.py` stays a table of contents.

A room names what it offers in `__all__` of `action`, `auth`, `validators`, `helpers`, `views` and `cli` (each a module, or a
package of modules), and enters what other rooms assemble through `registry.register`. Two rooms that claim one name, a name
without our prefix, and an action without its auth function are programming errors: they end the start, not a request.
Functions that chain on the same one of CKAN's are called one after the other, in the order of the rooms.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import click

from ckanext.participation.common.registry import registry

PACKAGE = "ckanext.participation"
PREFIX = "participation"


class AssemblyError(RuntimeError):
    """A room offers something under a name that is taken, unprefixed or missing."""


@dataclass
class House:
    """What a plugin hands to CKAN's interfaces."""

    actions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    auth: dict[str, Callable[..., Any]] = field(default_factory=dict)
    validators: dict[str, Callable[..., Any]] = field(default_factory=dict)
    helpers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    blueprints: list[Any] = field(default_factory=list)
    commands: list[click.Command] = field(default_factory=list)


@click.group(name=PREFIX, short_help="Conversations, licences, harvesting: the participation extension.")
def command_group() -> None:
    """Conversations, licences, harvesting: the participation extension."""


def assemble(rooms: Iterable[str]) -> House:
    """Import `rooms` (names of packages beside this file) and return what they offer.

    Raises AssemblyError for a clash, an unprefixed name, a name in `__all__` that does not exist, or an action without auth.
    """
    house = House()
    for room in rooms:
        for kind, shelf in (("action", house.actions), ("auth", house.auth), ("validators", house.validators),
                            ("helpers", house.helpers)):
            for module in _modules(room, kind):
                for name in _offered(module):
                    _put(shelf, name, getattr(module, name), module.__name__.removeprefix(PACKAGE + "."))
        for module in _modules(room, "views"):
            house.blueprints += _list(module, "blueprints", lambda blueprint: blueprint.name)
        for module in _modules(room, "cli"):
            house.commands += _list(module, "commands", lambda command: f"{PREFIX}-{command.name}")
        # In `common` the module `registry` is the registry itself.
        for module in _modules(room, "entries" if room == "common" else "registry"):
            module.register(registry)
    missing = sorted(name for name, action in house.actions.items()
                     if name not in house.auth and not _is_chained(action))
    if missing:
        raise AssemblyError(f"actions without an auth function: {', '.join(missing)}")
    for command in house.commands:
        known = command_group.commands.get(command.name or "")
        if known not in (None, command):
            raise AssemblyError(f"the command {command.name} is offered twice")
        command_group.add_command(command)
    return house


def _modules(room: str, kind: str) -> list[ModuleType]:
    """Return the room's module `kind`; where a room has outgrown one file, the modules of the package of that name."""
    name = f"{PACKAGE}.{room}.{kind}"
    if not importlib.util.find_spec(name):
        return []
    module = importlib.import_module(name)
    if not hasattr(module, "__path__"):
        return [module]
    return [importlib.import_module(f"{name}.{part.name}") for part in pkgutil.iter_modules(module.__path__)]


def _offered(module: ModuleType) -> list[str]:
    offered = getattr(module, "__all__", None)
    if offered is None:
        raise AssemblyError(f"{module.__name__} does not say in __all__ what it offers")
    absent = [name for name in offered if not hasattr(module, name)]
    if absent:
        raise AssemblyError(f"{module.__name__} offers what it does not have: {', '.join(absent)}")
    return list(offered)


def _is_chained(function: Callable[..., Any]) -> bool:
    return any(getattr(function, mark, False) for mark in ("chained_action", "chained_auth_function", "chained_helper"))


def _put(shelf: dict[str, Callable[..., Any]], name: str, function: Callable[..., Any], where: str) -> None:
    if not name.startswith(PREFIX + "_") and not _is_chained(function):
        raise AssemblyError(f"{where} offers {name}, which lacks the prefix {PREFIX}_")
    if name in shelf:
        if not (_is_chained(function) and _is_chained(shelf[name])):
            raise AssemblyError(f"{where} offers {name}, which another room offers already")
        if shelf[name] is not function:
            function = _one_after_the_other(shelf[name], function)
    shelf[name] = function


def _one_after_the_other(first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    """Return one chained function of two: CKAN takes one of each name from a plugin."""

    @functools.wraps(first)
    def both(original: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        return first(functools.partial(second, original), *args, **kw)

    return both


def _list(module: ModuleType, attribute: str, name_of: Callable[[Any], str]) -> list[Any]:
    if attribute not in _offered(module):
        return []
    rows = list(getattr(module, attribute))
    for row in rows:
        if not name_of(row).startswith(PREFIX):
            raise AssemblyError(f"{module.__name__} offers {name_of(row)}, which lacks the prefix {PREFIX}")
    return rows

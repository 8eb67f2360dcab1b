"""Addresses of styles and scripts, worked out once per process: webassets looks at every file for every page.

A changed file is seen after a restart, as a changed template is. With `debug` or `ckan.webassets.debug` nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import webassets_tools
from ckan.lib.jinja_extensions import AssetExtension
from ckan.types import CKANApp
from flask import g, request

# Asset and root of the site → what it needs first, `style` or `script`, and its addresses.
_known: dict[tuple[str, str], tuple[list[str], dict[str, list[str]]]] = {}


class AssetTag(AssetExtension):
    """The template tag `asset`, which in CKAN goes past the helper that an extension may chain."""

    priority = AssetExtension.priority + 1

    @classmethod
    def _call(cls, args: Sequence[Any], kwargs: dict[str, Any]) -> str:  # noqa: ARG003
        tk.h.include_asset(args[0])
        return ""


def install(app: CKANApp) -> CKANApp:
    """Have the template tag `asset` ask the helper `include_asset`."""
    forget()
    app.jinja_env.add_extension(AssetTag)
    return app


def keeps() -> bool:
    """Say whether addresses are kept."""
    return not (tk.config["debug"] or tk.config["ckan.webassets.debug"])


def include(name: str, ask: Callable[[str], None]) -> None:
    """Put the asset and what it needs on the page, as CKAN's `include_asset` (`ask`) does."""
    if not webassets_tools.is_registered(name):
        ask(name)
        return
    page = _collection()
    if name in page["included"]:
        return
    page["included"].add(name)
    key = (name, request.script_root)
    if key not in _known:
        _known[key] = _worked_out(name, ask)
    needs, addresses = _known[key]
    for other in needs:
        include(other, ask)
    for kind, listed in addresses.items():
        page[kind].extend(listed)


def _collection() -> Any:
    if "_webassets" not in g:
        g._webassets = {"style": [], "script": [], "included": set()}
    return g._webassets


def _worked_out(name: str, ask: Callable[[str], None]) -> tuple[list[str], dict[str, list[str]]]:
    """Have CKAN include the asset alone on an empty page, and see what it put there."""
    # CKAN's base/ckan names itself among what it needs.
    needs = [other for other in webassets_tools.env[name].extra.get("preload", []) if other != name]
    page = g._webassets
    g._webassets = alone = {"style": [], "script": [], "included": set(needs)}
    try:
        ask(name)
    finally:
        g._webassets = page
    return needs, {kind: list(alone[kind]) for kind in ("style", "script") if alone[kind]}


def forget() -> None:
    """Forget every address: the assets were registered anew."""
    _known.clear()

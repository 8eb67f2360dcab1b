"""CKAN's template helpers that a page calls most, and `participation_once` for blocks that a template prints twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import helpers as core
from flask import request

from ckanext.participation import config
from ckanext.participation.common import memo
from ckanext.participation.pages import accounts, addresses, assets, following, markdown, organisations, structured

__all__ = ["check_access", "follow_count", "get_organization", "include_asset", "markdown_extract", "participation_once",
           "participation_structured_data", "render_markdown", "url_for"]

Helper = Callable[..., Any]


@tk.chained_helper
def get_organization(next_helper: Helper, org: str | None = None, include_datasets: bool = False) -> dict[str, Any]:
    """The organisation without what no page beside a dataset shows; with its datasets as CKAN gives it."""
    if not config.pages("organisations") or org is None or include_datasets:
        return next_helper(org, include_datasets)
    return organisations.shown_to_reader(org)


@tk.chained_helper
def follow_count(next_helper: Helper, obj_type: str, obj_id: str) -> int:
    """How many follow a dataset, in one statement per request."""
    package = following.package_at_hand(obj_id) if config.pages("follows") and obj_type.lower() == "dataset" else None
    return following.count(package.id) if package is not None else next_helper(obj_type, obj_id)


@tk.chained_helper
def check_access(next_helper: Helper, action: str, data_dict: dict[str, Any] | None = None) -> bool:
    """Whether the reader may, asked once per request and object."""
    if not config.pages("access") or not all(isinstance(value, str | int | None) for value in (data_dict or {}).values()):
        return next_helper(action, data_dict)
    key = ("access", tk.current_user.name, action, tuple(sorted((data_dict or {}).items())))
    return memo.once(key, lambda: _may(action, data_dict or {}) if next_helper is core.check_access else next_helper(action, data_dict))


def _may(action: str, data_dict: dict[str, Any]) -> bool:
    """Ask as CKAN's helper does, with the reader's account at hand."""
    context: Any = {"user": tk.current_user.name}
    try:
        tk.check_access(action, accounts.known(context) if tk.current_user.is_authenticated else context, data_dict)
    except tk.NotAuthorized:
        return False
    return True


@tk.chained_helper
def include_asset(next_helper: Helper, name: str) -> None:
    """Put an asset on the page with the address that was worked out before."""
    if config.pages("assets") and assets.keeps():
        assets.include(name, next_helper)
    else:
        next_helper(name)


@tk.chained_helper
def url_for(next_helper: Helper, *args: Any, **kw: Any) -> str:
    """The address of a path in a language without asking the router, which knows no paths."""
    plain = len(args) == 1 and kw.keys() == {"locale"} and all(isinstance(value, str) for value in (args[0], kw["locale"]))
    if plain and config.pages("languages"):
        made = addresses.of_path(args[0], kw["locale"], next_helper)
        if made is not None:
            return made
    return next_helper(*args, **kw)


@tk.chained_helper
def markdown_extract(next_helper: Helper, text: str, extract_length: int = 190) -> Any:
    """The first words of a Markdown text, worked out once."""
    if not config.pages("markdown") or next_helper is not core.markdown_extract:
        return next_helper(text, extract_length=extract_length)
    return markdown.rendered(text, ("extract", extract_length), lambda: next_helper(text, extract_length=extract_length))


@tk.chained_helper
def render_markdown(next_helper: Helper, data: str, auto_link: bool = True, allow_html: bool = False) -> Any:
    """The HTML of a Markdown text, worked out once for each language: CKAN's own links carry it."""
    if not config.pages("markdown") or next_helper is not core.render_markdown:
        return next_helper(data, auto_link=auto_link, allow_html=allow_html)
    settings = ("html", auto_link, allow_html, request.environ.get("CKAN_LANG"), request.environ.get("CKAN_LANG_IS_DEFAULT")) \
        if request else ("html", auto_link, allow_html)
    return markdown.rendered(data, settings, lambda: next_helper(data, auto_link=auto_link, allow_html=allow_html))


def participation_structured_data(pkg: dict[str, Any], block: Any) -> Any:
    """The structured data of a dataset's page; `block` is the template's own way to them (`super`)."""
    return structured.script(pkg) if config.pages("structured") and structured.replaces_stock() else block()


def participation_once(name: str, block: Any) -> Any:
    """A template's block (`super`), rendered once for a page that prints it and asks before whether it is empty.

    `page.html` of CKAN renders its sidebar twice for that. The result belongs to one rendering of one page.
    """
    if not config.pages("once"):
        return block()
    page = getattr(block, "_context", None)
    known = request.environ.setdefault("participation.blocks", {})
    if name not in known or known[name][0] is not page:
        known[name] = (page, block())
    return known[name][1]

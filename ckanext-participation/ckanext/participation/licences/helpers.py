"""Template helpers of the licence box."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from . import box, further, publisher, rules
from .register import bundled_register
from .register.licence import language

__all__ = [
    "participation_licence_box",
    "participation_licence_choices",
    "participation_licence_title",
    "participation_openness",
]


def participation_licence_box(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    """Everything the licence box shows of a dataset, in the reader's language."""
    url = ""
    if pkg_dict.get("name"):
        url = tk.url_for("dataset.read", id=pkg_dict["name"], qualified=True, locale="default")
    return box.contents(bundled_register(), publisher.named(pkg_dict), language(tk.h.lang()), url, further.names())


def participation_licence_title(licence_id: str) -> str:
    """A licence's name in the reader's language; the id itself when the register does not know it."""
    if licence_id == box.UNRECOGNISED:
        return tk._("Licence not recognised")
    licence = bundled_register().get(licence_id)
    return licence.name(language(tk.h.lang())) if licence else licence_id


def participation_licence_choices(_field: dict[str, Any] | None = None) -> list[dict[str, str]]:
    """The licences a form offers (`choices_helper` of ckanext-scheming), by name in the reader's language."""
    offered = (licence for licence in bundled_register() if licence.selectable)
    choices = [{"value": licence.id, "label": licence.name(language(tk.h.lang()))} for licence in offered]
    return sorted(choices, key=lambda choice: choice["label"].casefold())


def participation_openness(pkg_dict: dict[str, Any]) -> str:
    """Whether a dataset's licence is `open`, `not-open` or `unknown`."""
    return rules.openness(box.of_dataset(bundled_register(), pkg_dict, further.names()).licence)

"""Template helpers that no single room owns."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation import config
from ckanext.participation.common import moments
from ckanext.participation.common.registry import registry

__all__ = ["participation_new_key", "participation_panels", "participation_text_bytes",
           "participation_time"]


def participation_panels(page: str, subject: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that rooms put on `page` ("dataset", "organization", "home") for `subject`: `[{"name", "template", "data"}]`."""
    shown = []
    for panel in registry.panels_of(page):
        data = panel.data(subject)
        if data is not None:
            shown.append({"name": panel.name, "template": panel.template, "data": data})
    return shown


def participation_new_key() -> str:
    """Return a fresh idempotency key for a form: sent twice, it posts once."""
    return uuid.uuid4().hex


def participation_text_bytes() -> int:
    """Return the most bytes a text may have."""
    return config.text_bytes()


def participation_time(value: Any, hours: bool = True) -> moments.Moment:
    """A moment for the reader: `.iso`, `.text` and `.ago`. `value` is a datetime or ISO text, UTC unless it says otherwise."""
    return moments.moment(value, tk.h.lang() or "en", tk.h.get_display_timezone(), hours=hours, now=dt.datetime.now(dt.UTC))

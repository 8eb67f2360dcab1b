"""How often a source may be read: ckanext-harvest's frequencies with ours among them, and the words for them."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.participation.harvesting import timetable


def offer() -> None:
    """Let ckanext-harvest's forms, actions and validators take our frequencies: they all look into this one list."""
    from ckanext.harvest.model import UPDATE_FREQUENCIES

    at = UPDATE_FREQUENCIES.index("DAILY") + 1
    UPDATE_FREQUENCIES[at:at] = [name for name in reversed(timetable.OURS) if name not in UPDATE_FREQUENCIES]


def words() -> dict[str, str]:
    """Return what a form calls each frequency."""
    return {"HOURLY": tk._("Every hour"), "SIX_HOURLY": tk._("Every six hours"), "DAILY": tk._("Every day"), "WEEKLY": tk._("Every week"),
            "BIWEEKLY": tk._("Every two weeks"), "MONTHLY": tk._("Every month"), "ALWAYS": tk._("Again and again, without a pause"),
            "MANUAL": tk._("Only when somebody asks for it")}

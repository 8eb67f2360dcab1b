"""What templates ask about licence changes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from flask import g

from ckanext.participation.common import rights
from ckanext.participation.licensing import changes, history
from ckanext.participation.licensing.model import LicenceChange

__all__ = ["participation_licence_change", "participation_licence_history", "participation_speaks_for_licences"]


def participation_licence_history(pkg_dict: dict[str, Any]) -> str:
    """Return the address of a dataset's licence history; an empty text when its terms never changed.

    The dataset's row says so itself: on its page, which has the row at hand, this asks nothing.
    """
    ref = pkg_dict.get("id")
    here = g.get("pkg") if g else None
    package = here if isinstance(here, model.Package) and here.id == ref else model.Package.get(ref) if ref else None
    if package is None or not (package.plugin_data or {}).get(changes.MARK):
        return ""
    return tk.url_for("participation_licence_changes.history", ref=package.name)


def participation_licence_change(change_id: int) -> dict[str, Any] | None:
    """Return a change for the form of who may explain it, as the actions give it; the caller asks for the right.

    `alike` is how many others of the organisation wait with the same licence before and after.
    """
    found = LicenceChange.with_subject(change_id)
    if found is None:
        return None
    change, subject = found
    return history.one(change, subject) | {"alike": LicenceChange.count_alike(change, subject.organization_id or "")}


def participation_speaks_for_licences(organization_id: str | None) -> bool:
    """Say whether the reader may say why a licence of this organisation's data changed."""
    return rights.reader_speaks_for(organization_id)

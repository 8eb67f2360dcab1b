"""Who may read the history of a dataset's licences, and who may say why it changed."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights
from ckanext.participation.licensing.model import LicenceChange

__all__ = ["participation_licence_change_explain", "participation_licence_change_list"]


@tk.auth_allow_anonymous_access
def participation_licence_change_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the dataset; of an organisation, its editors and administrators."""
    organization = data_dict.get("organization")
    if not organization:
        return _reads(context, "dataset", data_dict.get("id"))
    if rights.speaks_for(context, organization):
        return _reads(context, "organization", organization)
    return {"success": False, "msg": tk._("Only editors and administrators of this organisation see what waits for its word.")}


@tk.auth_disallow_anonymous_access
def participation_licence_change_explain(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Editors and administrators of the organisation whose dataset it is.

    A change that does not exist and one that the caller may not explain answer alike: numbers can't be tried out.
    """
    number = str(data_dict.get("id"))
    known = number.isascii() and number.isdigit() and len(number) < 19
    found = LicenceChange.with_subject(int(number)) if known else None
    if found is None or not rights.speaks_for(context, found[1].organization_id):
        return {"success": False, "msg": tk._("Only editors and administrators of the organisation may say why a licence changed.")}
    return {"success": True}


def _reads(context: Context, type_name: str, ref: Any) -> AuthResult:
    return rights.reads(context, type_name, ref, tk._("There is no such dataset or organisation, or you may not see it."))

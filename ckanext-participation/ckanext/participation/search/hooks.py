"""What the plugin's search interfaces call. The thinking is in `rules` and `queries`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.i18n import get_lang
from flask import has_request_context

from ckanext.participation.common import indexing
from ckanext.participation.common.model import Subject
from ckanext.participation.search import queries, rules

Contribution = Callable[[dict[str, Any]], dict[str, Any]]

_ = tk._


def before_dataset_index(
    pkg_dict: dict[str, Any], contributions: Iterable[Contribution] = ()
) -> dict[str, Any]:
    """Return the document that Solr gets for a dataset.

    `contributions` are other rooms' functions; each is called with the dataset as `package_show` returns it
    and gives further fields. An error in one of them ends the indexing: a document with a part missing would
    stay unnoticed.
    """
    dataset = _dataset(pkg_dict)
    ours = rules.dataset_fields(dataset)
    given = [contribution(dataset) for contribution in contributions]
    return rules.accepted_by_solr(rules.merged(pkg_dict, ours, given))


def before_dataset_search(search_params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a search; plain words are searched in the French and English fields."""
    return queries.query_params(search_params, language())


def dataset_deleted(dataset: dict[str, Any]) -> None:
    """Mark what is said about a dataset that is deleted in the transaction under way, or just was: CKAN does not index it any more."""
    row = model.Package.get(str(dataset.get("id")))
    if row is not None:
        of_files = sa.and_(Subject.type == "resource", Subject.parent_ref == row.id)
        subjects = model.Session.scalars(sa.select(Subject.id).where(
            sa.or_(sa.and_(Subject.type == "dataset", Subject.ref == row.id), of_files))).all()
        if subjects:
            indexing.mark_apart(indexing.SUBJECT, list(subjects))


def facets(facets_dict: dict[str, Any]) -> dict[str, Any]:
    """Return the facets of the search page, ours first in their order, then other extensions'."""
    ours = {
        "organization": _("Organisations"),
        "res_format": _("Formats"),
        "participation_licence": _("Licences"),
        "participation_openness": _("Openness"),
        "participation_talk": _("Conversation"),
        "participation_language": _("Languages of the data"),
        "groups": _("Groups"),
        "tags": _("Tags"),
    }
    ordered = type(facets_dict)()
    for name, title in ours.items():
        ordered[name] = title
    for name, title in facets_dict.items():
        # CKAN's own licence facet would stand beside ours and count the same datasets.
        if name not in ours and name != "license_id":
            ordered[name] = title
    return ordered


def language() -> str:
    """Return the reader's language; the site's default outside a request."""
    if has_request_context():
        return str(get_lang() or tk.config["ckan.locale_default"])
    return str(tk.config["ckan.locale_default"])


def _dataset(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    """The dataset as validated by its schema, nested fields included; CKAN's document has it as JSON text."""
    dataset: dict[str, Any] = json.loads(pkg_dict.get("data_dict") or "{}")
    dataset.update(json.loads(pkg_dict.get("validated_data_dict") or "{}"))
    return dataset

"""The licence API: list and show the register, recognise a licence, credit a dataset."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from . import box, publisher, rules, schema
from .register import as_dict, bundled_register

__all__ = [
    "participation_licence_credit",
    "participation_licence_list",
    "participation_licence_recognise",
    "participation_licence_show",
]


def _valid(data_dict: dict[str, Any], wanted: dict[str, list[Any]]) -> dict[str, Any]:
    data, errors = tk.navl_validate(data_dict, wanted)
    if errors:
        raise tk.ValidationError(errors)
    return data


@tk.side_effect_free
def participation_licence_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List the licences of the register, in order of id.

    :param family: only this family, for example `OGL` or `CC` (optional)
    :type family: string
    :param openness: only licences that are `open`, `not-open` or `unknown` (optional)
    :type openness: string

    :returns: for each licence its id, family, version, names in English and French, address and openness
    :rtype: list of dictionaries

    :raises ValidationError: `openness` is another word

    Anyone may call this.
    """
    data = _valid(data_dict, schema.licence_list())
    tk.check_access("participation_licence_list", context, data)
    return [
        {
            "id": licence.id,
            "family": licence.family,
            "version": licence.version,
            "names": dict(licence.names),
            "url": licence.url,
            "openness": rules.openness(licence),
        }
        for licence in bundled_register()
        if data.get("family") in (None, "", licence.family)
        and data.get("openness") in (None, "", rules.openness(licence))
    ]


@tk.side_effect_free
def participation_licence_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show one licence: names, addresses, what it allows, asks for and forbids, and its facts' sources.

    :param id: the licence's id in the register, or any id or title it is known by
    :type id: string

    :returns: the licence; `permissions`, `duties` and `prohibitions` carry their wording in both
        languages
    :rtype: dictionary

    :raises ValidationError: `id` is missing
    :raises ObjectNotFound: the register has no such licence

    Anyone may call this.
    """
    data = _valid(data_dict, schema.licence_show())
    tk.check_access("participation_licence_show", context, data)
    licence = bundled_register().get(data["id"])
    if licence is None:
        raise tk.ObjectNotFound(tk._("The register has no such licence."))
    return {**as_dict(licence), "openness": rules.openness(licence)}


@tk.side_effect_free
def participation_licence_recognise(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Say which licence of the register an id, a title and an address name, alone or together.

    :param id: a licence id as a publisher wrote it (optional, at most 2,000 characters, like the others)
    :type id: string
    :param title: a title or a sentence that names the licence (optional)
    :type title: string
    :param url: the address of the licence (optional)
    :type url: string

    :returns: `id` (null when nothing is certain enough), `confidence` (`certain`, `probable`, `ambiguous` or
        `unknown`), `why` in one English sentence, and `candidates`, the ids it could be
    :rtype: dictionary

    :raises ValidationError: a value is not text or is too long

    Anyone may call this.
    """
    data = _valid(data_dict, schema.licence_recognise())
    tk.check_access("participation_licence_recognise", context, data)
    match = rules.recognise(
        bundled_register(), licence_id=data.get("id"), title=data.get("title"), url=data.get("url")
    )
    return {
        "id": match.id,
        "confidence": match.confidence,
        "why": match.why,
        "candidates": list(match.candidates),
    }


@tk.side_effect_free
def participation_licence_credit(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Give the credit line to show with a dataset, in the wording its licence asks for.

    :param id: id or name of the dataset
    :type id: string

    :returns: `dataset` (its id), `licence` (id in the register or null), `openness`, `required` (whether the
        licence asks for a credit) and `lines`, the credit line by language (empty when it has none)
    :rtype: dictionary

    :raises ValidationError: `id` is missing
    :raises ObjectNotFound: there is no such dataset
    :raises NotAuthorized: you may not see this dataset

    Whoever may see the dataset may call this.
    """
    data = _valid(data_dict, schema.licence_credit())
    tk.check_access("participation_licence_credit", context, data)
    dataset = publisher.named(tk.get_action("package_show")({**context}, {"id": data["id"]}))
    found = box.of_dataset(bundled_register(), dataset)
    url = tk.url_for("dataset.read", id=dataset["name"], qualified=True, locale="default")
    return {
        "dataset": dataset["id"],
        "licence": found.licence.id if found.licence else None,
        "openness": rules.openness(found.licence),
        "required": bool(found.licence and "attribution" in found.licence.duties),
        "lines": box.credit_lines(found, dataset, url),
    }

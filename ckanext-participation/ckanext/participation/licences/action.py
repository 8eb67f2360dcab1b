"""The licence API: list and show the register, recognise a licence, credit a dataset, say whether several may be mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from . import box, compatibility, credit, further, mixed_files, publisher, rules, schema
from .auth import of_another_dataset
from .register import as_dict, bundled_register
from .register.licence import Licence

__all__ = [
    "participation_licence_compatibility",
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
    """Say which licence of the register an id, a title, an address, a node and a text name, alone or together.

    :param id: a licence id as a publisher wrote it (optional, at most 2,000 characters, like the others)
    :type id: string
    :param title: a title or a sentence that names the licence (optional)
    :type title: string
    :param url: the address of the licence (optional)
    :type url: string
    :param node: the licence's node in RDF: its address, or JSON-LD as text (optional)
    :type node: string
    :param text: what was written of rights and conditions, in English, French, German, Italian or Spanish (optional)
    :type text: string

    :returns: `id` (null when nothing is certain enough), `confidence` (`certain`, `probable`, `ambiguous` or
        `unknown`), `why` in one English sentence, and `candidates`, the ids it could be
    :rtype: dictionary

    :raises ValidationError: a value is not text or is too long

    Anyone may call this.
    """
    data = _valid(data_dict, schema.licence_recognise())
    tk.check_access("participation_licence_recognise", context, data)
    match = rules.recognise(bundled_register(), licence_id=data.get("id"), title=data.get("title"), url=data.get("url"),
                            node=data.get("node"), text=data.get("text"), extra=further.names())
    return {
        "id": match.id,
        "confidence": match.confidence,
        "why": match.why,
        "candidates": list(match.candidates),
    }


@tk.side_effect_free
def participation_licence_credit(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Give the credit to show with a dataset, in the wording its licence asks for and in the forms that people paste.

    :param id: id or name of the dataset
    :type id: string
    :param retrieved: the day on which the data were obtained, `YYYY-MM-DD` (optional, today)
    :type retrieved: string

    :returns: `dataset` (its id), `licence` (id in the register or null), `openness`, `required` (whether the
        licence asks for a credit), `lines`, the credit line by language (empty when it has none), and `forms`: by language
        `text`, `html`, `markdown`, `bibtex`, `csl_json` and `json_ld`, each a text with version and day of retrieval
    :rtype: dictionary

    :raises ValidationError: `id` is missing, or `retrieved` is no day or one to come
    :raises ObjectNotFound: there is no such dataset
    :raises NotAuthorized: you may not see this dataset

    Whoever may see the dataset may call this.
    """
    data = _valid(data_dict, schema.licence_credit())
    retrieved = schema.day(data.get("retrieved"), "retrieved")
    tk.check_access("participation_licence_credit", context, data)
    dataset = publisher.named(tk.get_action("package_show")({**context}, {"id": data["id"]}))
    found = box.of_dataset(bundled_register(), dataset, further.names())
    url = tk.url_for("dataset.read", id=dataset["name"], qualified=True, locale="default")
    made = {lang: box.credited(found, dataset, url, lang) for lang in ("en", "fr")}
    return {
        "dataset": dataset["id"],
        "licence": found.licence.id if found.licence else None,
        "openness": rules.openness(found.licence),
        "required": bool(found.licence and "attribution" in found.licence.duties),
        "lines": box.credit_lines(found, dataset, url),
        "forms": {lang: credit.forms(one, lang, retrieved) for lang, one in made.items() if one},
    }


@tk.side_effect_free
def participation_licence_compatibility(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Say whether datasets may be mixed and the mix published, under which licences, what remains to do, and which clause says so.

    Drawn from the permissions, duties and prohibitions of the register, never from a table of pairs; `docs/licences.md` has the rules.
    It is no legal advice. Give at least one dataset or licence, at most 20 of each.

    :param id: id or name of a dataset, or several (optional)
    :type id: string or list of strings
    :param licence: id of a licence in the register, or any id or title it is known by, or several (optional)
    :type licence: string or list of strings
    :param files: false leaves out files under another licence than their dataset's (optional, true: they count as data of their own)
    :type files: boolean

    :returns: `verdict` (`allowed`, `not-allowed` or `unknown`) on a mix that is published; `outbound`, ids of the licences it may be
        published under, the one that leaves most freedom first; `inputs`, for each dataset or licence its `ref` (its id, by which the
        rest names it), `dataset`, `name`, `title`, `licence` (id or null) and `state` (`known`, `not-specified`, `unrecognised`),
        `files`, null or `[{"id", "name"}]` of a dataset's files under another licence, and `counted`, whether the answer is about it;
        `because`, for each reason its `effect` (`refuses`, `unknown`, `asks`, `permits`, `note`), `term`, `inputs`, `licences`,
        `clauses` by licence, and a sentence in `en` and `fr`; `duties` that remain, with `inputs`, `licence`, `term`, `kind`, `clause`
        and wording; `credit_lines` by `ref`, `dataset` and language; `private_use` and `collection` (published side by side,
        unchanged), each with `verdict` and `because`; `produced_work`, ids of further licences for a picture or text drawn from the data
    :rtype: dictionary

    :raises ValidationError: nothing is given, too much, or something that does not exist; a dataset that you may not see counts as one
        that does not exist
    :raises NotAuthorized: you may not see one of the datasets

    Whoever may see the datasets may call this.
    """
    data = _valid(data_dict, schema.licence_compatibility())
    names, titles = data.get("id") or [], data.get("licence") or []
    if not names and not titles:
        raise tk.ValidationError({"id": [tk._("Give at least one dataset or one licence.")]})
    register = bundled_register()
    errors = {"id": _unseen(context, names), "licence": [
        tk._("The register has no licence “{name}”.").format(name=title[:100]) for title in titles if register.get(title) is None]}
    if any(errors.values()):
        raise tk.ValidationError({field: messages for field, messages in errors.items() if messages})
    tk.check_access("participation_licence_compatibility", context, {**data, "id": names})
    datasets = {row["id"]: publisher.named(row) for name in names
                if (row := tk.get_action("package_show")(of_another_dataset(context), {"id": name}))}
    licences = {licence.id: licence for title in titles if (licence := register.get(title))}
    names, files = further.names(), data.get("files", True)
    parts = [part for dataset in datasets.values() for part in mixed_files.parts_of(register, dataset, names, files=files)]
    given = [_of_licence(licence) for licence in licences.values()]
    answer = compatibility.mix(register, [*(part.input for part in parts if part.counted), *given]).as_dict()
    return {
        **answer,
        "because": [*answer["because"], *(part.note() for part in parts if part.files)],
        "inputs": [*(_input(part.input, part.dataset, part.files, counted=part.counted) for part in parts), *map(_input, given)],
        "credit_lines": [
            {"ref": part.ref, "dataset": part.dataset["id"],
             "required": bool(part.found.licence and "attribution" in part.found.licence.duties),
             "lines": box.credit_lines(part.found, part.dataset, _address(part.dataset))} for part in parts if part.counted],
    }


def _unseen(context: Context, names: list[str]) -> list[str]:
    """One message for each name that is no dataset, or none that the caller may see: nobody learns which."""
    messages = []
    for name in names:
        try:
            tk.check_access("package_show", of_another_dataset(context), {"id": name})
        except (tk.NotAuthorized, tk.ObjectNotFound):
            messages.append(tk._("There is no dataset “{name}”, or you may not see it.").format(name=name[:100]))
    return messages


def _of_licence(licence: Licence) -> compatibility.Input:
    if licence.id == box.NOT_SPECIFIED:
        return compatibility.Input(licence.id, None, "not-specified")
    return compatibility.Input(licence.id, licence)


def _input(row: compatibility.Input, dataset: dict[str, Any] | None = None, files: Sequence[dict[str, str]] | None = None, *,
           counted: bool = True) -> dict[str, Any]:
    return {"ref": row.ref, "licence": row.licence.id if row.licence else None, "state": row.state,
            "files": list(files) if files else None, "counted": counted, **_named(dataset)}


def _named(dataset: dict[str, Any] | None) -> dict[str, Any]:
    if dataset is None:
        return {"dataset": None, "name": None, "title": None}
    return {"dataset": dataset["id"], "name": dataset["name"], "title": dataset.get("title") or dataset["name"],
            "title_translated": dataset.get("title_translated") or {}}


def _address(dataset: dict[str, Any]) -> str:
    return tk.url_for("dataset.read", id=dataset["name"], qualified=True, locale="default")

"""Licences that nobody recognises: list them, and give names to licences that are recognised from then on."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import paging, people
from ckanext.participation.common.schema import all_of, one_of
from ckanext.participation.licensing import aliases, schema
from ckanext.participation.licensing.records import LicenceAlias, LicenceCount, LicenceStatement

__all__ = [
    "participation_licence_alias_create",
    "participation_licence_alias_delete",
    "participation_licence_alias_list",
    "participation_licence_unrecognised_list",
]

Data = dict[str, Any]


def participation_licence_alias_create(context: Context, data_dict: Data) -> Data:
    """Say which licence a name or an address means that publishers write and that the register does not know.

    Pages show it within a minute, the search a few minutes later; a harvested dataset gets the licence's id with the next run of its
    source. Sent twice, it is added once.

    :param text: the name (at most 400 characters) or address (at most 2,000) as publishers write it; case, accents, punctuation and
        articles do not count
    :type text: string
    :param licence: id of a licence of the register, or any id or title it is known by (`participation_licence_list` has them)
    :type licence: string
    :param note: why, for other administrators, at most 500 characters (optional)
    :type note: string
    :returns: the alias as `participation_licence_alias_list` gives it, and `recognises_at_once`: `{"datasets", "files", "counted_at"}`,
        how many of those that the last count found unrecognised it recognises, judged by examples; `counted_at` is null before the first
    :raises ValidationError: named fields: a licence that the register does not have; a text that is too long, holds control characters,
        of which nothing is left, that the register recognises already, or that stands for another licence (which is named)
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    given = all_of(name=lambda: schema.name(data_dict), licence=lambda: schema.licence(data_dict), note=lambda: schema.note(data_dict))
    tk.check_access("participation_licence_alias_create", context, data_dict)
    actor = people.actor(context)
    row = aliases.add(given["name"], given["licence"], given["note"], actor.person_id)
    model.Session.commit()
    aliases.forget()
    return {**aliases.as_dicts([row])[0], "recognises_at_once": aliases.would_recognise(row.key, row.licence_id)}


def participation_licence_alias_delete(context: Context, data_dict: Data) -> Data:
    """Take a name of a licence back. It stays in the list of former ones, with who took it back and when.

    Pages follow within a minute, the search a few minutes later; a harvested dataset with the next run of its source. Sent twice, it is
    taken back once.

    :param id: the alias's id
    :type id: integer
    :returns: the alias as `participation_licence_alias_list` gives it
    :raises ValidationError: `id` is missing or not a number
    :raises ObjectNotFound: there is no such alias
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    alias_id = paging.integer_of(data_dict, "id") or 0
    tk.check_access("participation_licence_alias_delete", context, data_dict)
    row = aliases.take_back(alias_id, people.actor(context).person_id)
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no such name of a licence."))
    model.Session.commit()
    aliases.forget()
    return aliases.as_dicts([row])[0]


@tk.side_effect_free
def participation_licence_alias_list(context: Context, data_dict: Data) -> Data:
    """List the names that administrators gave to licences, the latest first.

    :param state: `in-force` (default), or `former` for those that were taken back
    :type state: string
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: integer
    :returns: `{"results": [{"id", "text", "kind": text | url, "licence": register id, "names": by language, "note", "at", "by",
        "everywhere_at": when every page knows, "in_search_since": moment or null, "recognises": datasets and files at the last count or
        null, "taken_back": {"at", "by"} or null}], "next": id or null}`; moments are ISO 8601
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    given = all_of(limit=lambda: paging.limit_of(data_dict), after=lambda: paging.integer_of(data_dict, "after", required=False),
                   state=lambda: one_of(data_dict.get("state") or "in-force", ("in-force", "former"), "state"))
    tk.check_access("participation_licence_alias_list", context, data_dict)
    rows = LicenceAlias.page(limit=given["limit"] + 1, after=given["after"], former=given["state"] == "former")
    shown = rows[:given["limit"]]
    return {"results": aliases.as_dicts(shown), "next": shown[-1].id if len(rows) > given["limit"] else None}


@tk.side_effect_free
def participation_licence_unrecognised_list(context: Context, data_dict: Data) -> Data:
    """List what datasets and files say of their licence and nobody recognises, the most frequent first.

    A count of all datasets, private ones among them, made in the background at least once an hour and after every change of a name. The
    10,000 most frequent statements are kept.

    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: integer
    :returns: `{"counted_at": moment or null before the first count, "datasets": how many were looked at, "statements": how many different
        ones there are, "left_out": datasets and files whose statements are too many to be kept, "results": [{"number", "level": dataset |
        file, "statement", "count", "parts": names to choose an alias from, "why": in English, "candidates": register ids, "examples":
        [{"id", "name"}], "named": register id that one of the parts was given since, or null}], "next": number or null}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    given = all_of(limit=lambda: paging.limit_of(data_dict), after=lambda: paging.integer_of(data_dict, "after", required=False))
    tk.check_access("participation_licence_unrecognised_list", context, data_dict)
    count = LicenceCount.last()
    rows = LicenceStatement.page(limit=given["limit"] + 1, after=given["after"])
    shown = rows[:given["limit"]]
    named = aliases.claimed({key for row in shown for key in row.keys})
    return {
        "counted_at": count.at.isoformat() if count else None, "datasets": count.datasets if count else 0,
        "statements": count.statements if count else 0, "left_out": count.left_out if count else 0,
        "results": [{
            "number": row.number, "level": row.level, "statement": row.statement, "count": row.count, "parts": row.parts, "why": row.why,
            "candidates": row.candidates, "examples": row.examples,
            "named": next((named[key] for key in row.keys if key in named), None)} for row in shown],
        "next": shown[-1].number if len(rows) > given["limit"] else None}

"""What datasets lack: of one dataset for who may see it, of an organisation for its staff."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.participation.common import paging, subjects
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.schema import all_of, one_of
from ckanext.participation.quality import lists, words
from ckanext.participation.quality.rules import CRITERIA

__all__ = ["participation_quality_list", "participation_quality_show", "participation_quality_summary"]

Data = dict[str, Any]


@tk.side_effect_free
def participation_quality_show(context: Context, data_dict: Data) -> Data:
    """Show what one dataset has and lacks.

    :param id: id or name of the dataset
    :type id: string
    :returns: the dataset as `participation_quality_list` gives it, with `"advice"`: what to do by criterion that is not met; or
        `{"id", "judged_at": null}` before it was judged for the first time, which takes a minute
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: there is no such dataset, or the reader may not see it
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_quality_show", context, data_dict)
    found = subjects.read(context, "dataset", ref)
    one = lists.of_dataset(found["ref"])
    if one is None:
        return {"id": found["ref"], "judged_at": None}
    # How much a dataset is used is told to those who can do something with it.
    del one["use"]
    return one | {"advice": {name: words.advice(name) for name, said in one["criteria"].items() if said is False}}


@tk.side_effect_free
def participation_quality_summary(context: Context, data_dict: Data) -> Data:
    """Count what an organisation's datasets have and lack, private ones among them.

    :param id: id or name of the organisation
    :type id: string
    :returns: `{"organization_id", "organization": its name, "datasets": how many were judged, "to_mend": how many of them miss something,
        "judged_at": when the latest was, or null, "files", "machine_readable": how many of the files programs can read, "counts_views":
        whether the site counts views of pages, "criteria": [{"id", "met", "missing", "unknown"}]}`; the criteria are `licence`,
        `openness` (three stars or more), `contact`, `languages`, `formats`, `fresh` and `links`
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: the caller is neither editor nor administrator of the organisation
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_quality_summary", context, data_dict)
    found = subjects.read(context, "organization", ref)
    return {"organization_id": found["ref"], "organization": found["name"], **lists.summary(found["ref"])}


@tk.side_effect_free
def participation_quality_list(context: Context, data_dict: Data) -> Data:
    """List an organisation's datasets that lack something, the most used first, private ones among them.

    :param id: id or name of the organisation
    :type id: string
    :param criterion: only those that miss this one (see `participation_quality_summary`); every one that misses any when left out
    :type criterion: string
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"organization_id", "organization": its name, "results": [{"id", "name", "title", "url", "private", "stars": 0 to 4 or null,
        "criteria": {criterion: true, false or null where nobody can tell}, "files", "machine_readable", "dead": how many addresses are
        dead, "dead_links": the first five of them, "use": {"followers", "messages", "views": of two weeks, "sum"}, "source": {"title",
        "url"} of the harvest source where it is to be mended, or null, "judged_at"}], "next": string or null}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller is neither editor nor administrator of the organisation
    """
    given = all_of(
        ref=lambda: paging.text_of(data_dict, "id", required=True), limit=lambda: paging.limit_of(data_dict),
        criterion=lambda: one_of(data_dict["criterion"], CRITERIA, "criterion") if data_dict.get("criterion") not in (None, "") else None,
        after=lambda: _after(data_dict))
    tk.check_access("participation_quality_list", context, data_dict)
    found = subjects.read(context, "organization", given["ref"])
    results, following = lists.page(found["ref"], given["criterion"], limit=given["limit"], after=given["after"])
    return {"organization_id": found["ref"], "organization": found["name"], "results": results, "next": following}


def _after(data_dict: Data) -> tuple[int, str] | None:
    try:
        return lists.key_of(paging.text_of(data_dict, "after"))
    except ValueError:
        raise field_error("after", tk._("Must be the “next” of the page before.")) from None

"""Look at what a harvest source would bring, before anything is written."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import idempotency, paging, people
from ckanext.participation.common.errors import LimitExceeded, field_error
from ckanext.participation.common.schema import all_of, cleaned, one_of
from ckanext.participation.harvesting import detection, previews, sentences, settings, sources, timetable

__all__ = ["participation_harvest_preview_accept", "participation_harvest_preview_create", "participation_harvest_preview_show"]

Data = dict[str, Any]

LONGEST_URL = 2000
LONGEST_CONFIG = 20_000
LONGEST_TITLE = 300
FREQUENCY = "DAILY"


def participation_harvest_preview_create(context: Context, data_dict: Data) -> Data:
    """Read the first 20 records of a source, as they would be here. Nothing is written to the catalogue.

    Reading takes from a second to a minute and is done in the background: ask `participation_harvest_preview_show` for the result,
    which is kept for an hour. The same question asked again while it is being read gives the preview under way.

    :param url: where the data are: a portal's first page, a dataset's page, a CKAN API or a file (data.json, Turtle, RDF/XML, JSON-LD)
    :type url: string
    :param owner_org: id or name of the organisation that the source would belong to
    :type owner_org: string
    :param source_type: `participation_ckan` or `participation_dcat`; found out when left out
    :type source_type: string
    :param config: the source's configuration, JSON as the source's form takes it (docs/harvesting.md)
    :type config: string
    :returns: `{"id", "state": "waiting", …}` as `participation_harvest_preview_show` gives it
    :raises ValidationError: named fields; `limit` when three previews of yours are under way
    :raises NotAuthorized: the caller may not add sources to the organisation
    """
    given = all_of(url=lambda: _address(data_dict), owner_org=lambda: paging.text_of(data_dict, "owner_org", required=True),
                   source_type=lambda: _source_type(data_dict), config=lambda: _config(data_dict))
    tk.check_access("participation_harvest_preview_create", context, data_dict)
    owner = model.Group.get(given["owner_org"])
    if owner is None or not owner.is_organization or owner.state != "active":
        raise field_error("owner_org", tk._("There is no such organisation."))
    try:
        return _shown(previews.start(people.actor(context).user_id, {**given, "owner_org": owner.name}))
    except previews.TooMany as error:
        message = tk._("Three of your previews are being read. Wait until one is done.")
        raise LimitExceeded(message, 10) from error


@tk.side_effect_free
def participation_harvest_preview_show(context: Context, data_dict: Data) -> Data:
    """Show a preview: how far it is, and what was read.

    :param id: id of the preview
    :type id: string
    :returns: `{"id", "state": "waiting", "reading", "done" or "failed", "read": records so far, "most": how many are read, "source_type",
        "url", "tried": addresses that were asked, "problem": why it failed, "owner_org", "sample": null or {"records": [{"guid", "raw",
        "problem", "dataset", "organisation", "notes"}], "more": whether there are others, "problem": why reading ended before}}`
    :raises ValidationError: `id` is missing
    :raises ObjectNotFound: there is no such preview of yours, or it is older than an hour
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_harvest_preview_show", context, data_dict)
    preview = previews.load(ref)
    if preview is None or preview["person"] != people.actor(context).user_id:
        raise tk.ObjectNotFound(_no_such())
    return _shown(preview)


def participation_harvest_preview_accept(context: Context, data_dict: Data) -> Data:
    """Add the source that a preview looked at, and ask for its first harvest. Twice for one preview gives the same source.

    :param id: id of the preview, which must be done
    :type id: string
    :param title: what people call the source
    :type title: string
    :param frequency: `HOURLY`, `SIX_HOURLY`, `DAILY` (default), `WEEKLY`, `BIWEEKLY`, `MONTHLY` or `MANUAL`
    :type frequency: string
    :returns: `{"id", "name"}` of the source, and `job`: id of its first harvest, or null when one was under way
    :raises ValidationError: named fields; `url` when there is a source with this address
    :raises NotAuthorized: the caller may not add sources to the organisation
    :raises ObjectNotFound: there is no such preview of yours, or it is older than an hour
    """
    given = all_of(ref=lambda: paging.text_of(data_dict, "id", required=True),
                   title=lambda: cleaned(data_dict, "title", most=LONGEST_TITLE, single_line=True),
                   frequency=lambda: one_of(data_dict.get("frequency") or FREQUENCY, timetable.OFFERED, "frequency"))
    tk.check_access("participation_harvest_preview_accept", context, data_dict)
    actor = people.actor(context)
    preview = previews.load(given["ref"] or "")
    if preview is None or preview["person"] != actor.user_id:
        raise tk.ObjectNotFound(_no_such())
    if preview["state"] != "done":
        raise field_error("id", tk._("Wait until the preview is done, and look at it."))
    made = idempotency.claim(actor.person_id, "harvest_preview_accept", preview["id"])
    if made:
        source = model.Package.get(made)
        model.Session.rollback()
        return {"id": made, "name": source.name if source else "", "job": None}
    source = _create(context, preview, given["title"], given["frequency"])
    idempotency.settle(actor.person_id, "harvest_preview_accept", preview["id"], source["id"])
    model.Session.commit()
    job = tk.get_action("harvest_job_create")({"user": context.get("user", "")}, {"source_id": source["id"], "run": True})
    return {"id": source["id"], "name": source["name"], "job": job["id"]}


def _create(context: Context, preview: Data, title: str, frequency: str) -> Data:
    """Add the source, without committing."""
    asked = preview["asked"]
    if sources.with_address(preview["url"], asked["config"]):
        raise field_error("url", tk._("There is a source with this address already."))
    name = sources.name_for(title)
    return tk.get_action("harvest_source_create")({"user": context.get("user", ""), "defer_commit": True}, {
        "name": name, "title": title, "url": preview["url"], "source_type": preview["source_type"], "owner_org": asked["owner_org"],
        "frequency": frequency, "config": asked["config"] or None})


def _no_such() -> str:
    return tk._("There is no such preview of yours. Previews are kept for an hour.")


def _address(data: Data) -> str:
    typed = paging.text_of(data, "url", required=True, most=LONGEST_URL) or ""
    try:
        url = detection.normal(typed)
    except ValueError:
        url = ""
    if not url.lower().startswith(("http://", "https://")) or any(letter.isspace() for letter in url):
        raise field_error("url", tk._("Give a web address, such as https://data.example.org."))
    return url


def _source_type(data: Data) -> str:
    named = paging.text_of(data, "source_type") or ""
    if named and named not in (detection.CKAN, detection.DCAT):
        raise field_error("source_type", tk._("Must be one of: {known}.").format(known=f"{detection.CKAN}, {detection.DCAT}"))
    return named


def _config(data: Data) -> str:
    written = paging.text_of(data, "config", most=LONGEST_CONFIG) or ""
    try:
        settings.read(written)
    except settings.BadSettings as error:
        raise field_error("config", sentences.told(str(error), tk._) or str(error)) from error
    return written


def _shown(preview: Data) -> Data:
    """A preview without what only the site needs: a configuration may hold a key."""
    shown = {name: preview[name] for name in ("id", "state", "read", "source_type", "url", "tried", "problem", "sample")}
    return {**shown, "most": previews.SAMPLE, "owner_org": preview["asked"]["owner_org"]}

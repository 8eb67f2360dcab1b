"""Move a harvest source from a stock type to ours, and back."""

from __future__ import annotations

import json
from typing import Any, cast

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.plugins import PluginImplementations
from ckan.types import Context
from ckanext.harvest.interfaces import IHarvester
from ckanext.harvest.model import HarvestObject

from ckanext.participation.common import paging
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.schema import all_of, flag
from ckanext.participation.harvesting import sentences, switching, translating
from ckanext.participation.harvesting.settings import BadSettings

__all__ = ["participation_harvest_source_switch"]

Data = dict[str, Any]

_OF_THE_FORM = ("id", "name", "title", "notes", "url", "owner_org", "frequency", "private")


def participation_harvest_source_switch(context: Context, data_dict: Data) -> Data:
    """Move a harvest source from a type of ckanext-harvest or ckanext-dcat to ours, or back. Its datasets and their files keep their ids.

    `ckan` becomes `participation_ckan`; `dcat_rdf` and `dcat_json` become `participation_dcat`. The configuration is translated. Nothing is
    harvested: the next run finds the datasets and changes them in place. Called again, it changes nothing.

    :param id: id or name of the source
    :type id: string
    :param back: true to give the source the type back that it had before
    :type back: boolean
    :param confirm: true to switch although settings have no counterpart; the error without it names each
    :type confirm: boolean
    :returns: `{"id", "name", "switched": whether anything was changed, "source_type", "before": the type before, "config": the new
        configuration without its key, "needless": keys that mean nothing to the new type, "lost": {key: why it has no counterpart},
        "notes": sentences about what will be different, "datasets": how many the source has here}`
    :raises ValidationError: `id` is missing; `source_type`: nothing to switch from; `config` is not understood; `job` runs or waits;
        `confirm` is needed
    :raises NotAuthorized: the caller may not edit the source
    :raises ObjectNotFound: there is no such source in use
    """
    given = all_of(id=lambda: paging.text_of(data_dict, "id", required=True), back=lambda: flag(data_dict, "back"),
                   confirm=lambda: flag(data_dict, "confirm"))
    tk.check_access("participation_harvest_source_switch", context, {"id": given["id"]})
    package = model.Package.get(given["id"])
    source = switching.hold(package.id) if package else None
    if package is None or source is None:
        raise tk.ObjectNotFound(tk._("There is no such harvest source."))
    before = source.type
    if _is_done(before, back=given["back"]):
        model.Session.rollback()
        return _answer(package, switched=False, source_type=before, before=before)
    if switching.is_busy(source.id):
        model.Session.rollback()
        raise field_error("job", tk._("A harvest of this source waits or runs. Wait until it is done, or abort it, and try again."))
    try:
        wanted, translated = _translated(source, back=given["back"])
        notes, kept = ([], []) if given["back"] else _owners(context, source.id, translated)
    except BadSettings as error:
        model.Session.rollback()
        raise field_error("config", sentences.told(str(error), tk._) or str(error)) from error
    except tk.ValidationError:
        model.Session.rollback()
        raise
    if (translated.lost or notes) and not given["confirm"]:
        model.Session.rollback()
        asked = tk._("Something of this source has no counterpart. Call it again with confirm if that is right:")
        raise tk.ValidationError({"confirm": [asked, *(f"{key}: {reason}" for key, reason in translated.lost.items()), *notes]})
    switching.take_over(kept)
    switching.forget(package.id)
    # Commits all of it at once: with `defer_commit` CKAN 2.12 takes the change back.
    _save(context, package.id, wanted, translated.config)
    if not given["back"]:
        notes = [*notes, *_differences(before)]
    return _answer(package, switched=True, source_type=wanted, before=before, translated=translated, notes=notes)


def _is_done(source_type: str, *, back: bool) -> bool:
    known = set(translating.TYPES) if back else set(translating.TYPES.values())
    return source_type in known


def _translated(source: Any, *, back: bool) -> tuple[str, translating.Translation]:
    if back:
        if source.type not in translating.TYPES.values():
            raise field_error("source_type", tk._("Only sources that were switched can go back."))
        stock, translated = translating.back(source.config)
        if stock not in {dict(harvester.info() or {}).get("name") for harvester in PluginImplementations(IHarvester)}:
            message = tk._("This site has no source type {type} any more: its plugin is not loaded.")
            raise field_error("source_type", message.format(type=stock))
        return stock, translated
    if source.type not in translating.TYPES:
        raise field_error("source_type", tk._("Only sources of these types can be switched: {known}.").format(
            known=", ".join(translating.TYPES)))
    return translating.TYPES[source.type], translating.forth(source.type, source.config)


def _owners(context: Context, source_id: str, translated: translating.Translation) -> tuple[list[str], list[str]]:
    """Sentences about organisations that harvests will not fill any more, and the ids of those that they go on filling."""
    notes, kept = [], []
    for owner in switching.owners(source_id):
        if translated.config["organizations"] != "source" and switching.was_made_by(source_id, owner.id) and _may_edit(context, owner.id):
            kept.append(owner.id)
        else:
            notes.append(tk._("Datasets of “{name}” will go to the source’s own organisation: it was not made by a harvest, or you may "
                              "not edit it.").format(name=owner.title))
    return notes, kept


def _may_edit(context: Context, organization_id: str) -> bool:
    around: Any = {"user": context.get("user", ""), "ignore_auth": context.get("ignore_auth", False)}
    try:
        tk.check_access("organization_update", around, {"id": organization_id})
    except tk.NotAuthorized:
        return False
    return True


def _save(context: Context, source_id: str, source_type: str, config: Data) -> None:
    around = {"user": context.get("user", ""), "ignore_auth": context.get("ignore_auth", False)}
    shown = tk.get_action("harvest_source_show")(cast(Context, dict(around)), {"id": source_id})
    # What the source's form sends: ckanext-harvest stumbles over its own extras.
    kept = {key: shown[key] for key in _OF_THE_FORM if shown.get(key) is not None}
    written = json.dumps(config, ensure_ascii=False) if config else ""
    try:
        tk.get_action("harvest_source_update")(cast(Context, dict(around)), {**kept, "source_type": source_type, "config": written})
    except tk.ValidationError:
        model.Session.rollback()
        raise


def _differences(before: str) -> list[str]:
    if before == "ckan":
        return [tk._("From now on datasets that the source no longer has are removed here, up to a share that “remove_up_to” sets.")]
    return [tk._("More than a share of the datasets, which “remove_up_to” sets, is no longer removed in one run without a person.")]


def _answer(package: Any, *, switched: bool, source_type: str, before: str, translated: translating.Translation | None = None,
            notes: list[str] | None = None) -> Data:
    found = translated or translating.Translation({})
    count = model.Session.scalar(sa.select(sa.func.count(sa.distinct(HarvestObject.package_id))).where(
        HarvestObject.harvest_source_id == package.id, HarvestObject.current.is_(True), HarvestObject.package_id.isnot(None)))
    config = {key: value for key, value in found.config.items() if key != "api_key"}
    return {"id": package.id, "name": package.name, "switched": switched, "source_type": source_type, "before": before, "config": config,
            "needless": found.needless, "lost": found.lost, "notes": notes or [], "datasets": count or 0}

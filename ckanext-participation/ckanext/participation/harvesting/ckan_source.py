"""Harvest sources of type `participation_ckan`: another CKAN catalogue, read through its API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from ckanext.harvest.model import HarvestObject

from ckanext.participation.common.fetch import FetchError, fetch
from ckanext.participation.harvesting.completing import completed
from ckanext.participation.harvesting.engine.ckan_api import API, result_of
from ckanext.participation.harvesting.engine.ckan_reading import CKANReading
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.from_ckan import from_ckan
from ckanext.participation.harvesting.from_ckan import organisation as read_organisation
from ckanext.participation.harvesting.record import Mapper, Organisation, Record
from ckanext.participation.harvesting.settings import Settings
from ckanext.participation.harvesting.stages import Stages, mapper


class ParticipationCKANHarvester(Stages):
    """Lists the public datasets in the order of their ids, reads those that differ, and notices those that are gone."""

    def info(self) -> dict[str, str]:
        """Name the type for the source's form."""
        return {
            "name": "participation_ckan",
            "title": "CKAN",
            "description": tk._("Another catalogue that runs CKAN, through its API. Give the catalogue's first address."),
            "form_config_interface": "Text",
        }

    def read(self, source: Any, gathering: Gathering) -> None:
        """Hand on the public datasets that the source's filters leave and that differ from what is here."""
        chosen = gathering.chosen
        CKANReading(API(gathering.asker, source.url, chosen.api_key), _filters(chosen), gathering).read()

    def record(self, content: Any, mapper: Mapper, source: Any) -> Record:
        """Map one dataset of `package_search`."""
        name = str(content.get("name") or "") if isinstance(content, Mapping) else ""
        record = from_ckan(content, mapper, f"{source.url.rstrip('/')}/dataset/{name}" if name else "")
        return completed(record, mapper, source)

    def details(self, organisation: Organisation, source: Any, chosen: Settings) -> Organisation:
        """Ask the source for the organisation's own record, which says more than a dataset's copy of it."""
        try:
            remote = _ask(
                source.url, "organization_show?" + urlencode({"id": organisation.identifier, "include_users": "false"}), chosen
            )
        except (FetchError, SourceProblem):
            return organisation
        found = read_organisation(remote, mapper(chosen), {"org_title_at_publication": organisation.title_translated})
        return found or organisation

    def get_original_url(self, harvest_object_id: str) -> str | None:
        """The dataset's page at the source, for the report."""
        row = HarvestObject.get(harvest_object_id)
        content = json.loads(row.content) if row and row.content else None
        if not isinstance(content, dict) or not content.get("name"):
            return None
        return f"{row.source.url.rstrip('/')}/dataset/{content['name']}"


def _filters(chosen: Settings) -> str:
    include = [("organization", chosen.organizations_filter_include), ("groups", chosen.groups_filter_include)]
    exclude = [("organization", chosen.organizations_filter_exclude), ("groups", chosen.groups_filter_exclude)]
    terms = [f"{field}:({' OR '.join(names)})" for field, names in include if names]
    terms += [f"-{field}:{name}" for field, names in exclude for name in names]
    return " AND ".join(terms)


def _ask(base: str, call: str, chosen: Settings) -> dict[str, Any]:
    headers = {"Authorization": chosen.api_key} if chosen.api_key else {}
    return result_of(fetch(f"{base.rstrip('/')}/api/3/action/{call}", headers=headers, accept="application/json"))

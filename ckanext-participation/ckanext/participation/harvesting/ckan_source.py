"""Harvest sources of type `participation_ckan`: another CKAN catalogue, read through its API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from ckanext.harvest.model import HarvestObject

from ckanext.participation.common.fetch import FetchError, fetch
from ckanext.participation.harvesting.from_ckan import from_ckan
from ckanext.participation.harvesting.from_ckan import organisation as read_organisation
from ckanext.participation.harvesting.record import Mapper, Organisation, Record
from ckanext.participation.harvesting.settings import Settings
from ckanext.participation.harvesting.stages import MAX_PAGES, Entry, SourceProblem, Stages, mapper

ROWS = 100


class ParticipationCKANHarvester(Stages):
    """Reads every public dataset, page by page in the order of their ids, and notices those that are gone."""

    def info(self) -> dict[str, str]:
        """Name the type for the source's form."""
        return {
            "name": "participation_ckan",
            "title": "CKAN",
            "description": tk._("Another catalogue that runs CKAN, through its API. Give the catalogue's first address."),
            "form_config_interface": "Text",
        }

    def entries(self, source: Any, chosen: Settings) -> Iterator[Entry]:
        """Yield (id, dataset) of all public datasets that the source's filters leave."""
        filters = _filters(chosen)
        seen: set[str] = set()
        for page in range(MAX_PAGES):
            words = {"rows": ROWS, "start": page * ROWS, "sort": "id asc"} | ({"fq": filters} if filters else {})
            result = _ask(source.url, "package_search?" + urlencode(words), chosen)
            rows = result.get("results")
            if not isinstance(rows, list):
                raise SourceProblem("The catalogue's search gave no list of datasets.")
            fresh = 0
            for number, row in enumerate(rows, page * ROWS + 1):
                guid = str(row.get("id") or "") if isinstance(row, Mapping) else f"{source.url}#{number}"
                fresh += guid not in seen
                seen.add(guid)
                if not isinstance(row, Mapping) or not (row.get("private") or row.get("type") == "harvest"):
                    yield guid or f"{source.url}#{number}", row
            if len(seen) >= _count(result) or not rows:
                break
            if not fresh:
                raise SourceProblem("The catalogue gives the same page again and again; what it gave until there was read.")
        else:
            raise SourceProblem(f"The catalogue has more than {MAX_PAGES} pages; the rest was not read.")
        if len(seen) < _count(result):
            raise SourceProblem(f"The catalogue names {_count(result)} datasets but gave {len(seen)}; nothing was removed here.")

    def record(self, content: Any, mapper: Mapper, source: Any) -> Record:
        """Map one dataset of `package_search`."""
        name = str(content.get("name") or "") if isinstance(content, Mapping) else ""
        return from_ckan(content, mapper, f"{source.url.rstrip('/')}/dataset/{name}" if name else "")

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
    reply = fetch(f"{base.rstrip('/')}/api/3/action/{call}", headers=headers, accept="application/json")
    if reply.status == 404:
        raise SourceProblem("There is no CKAN API at this address. Give the first address of a CKAN catalogue.")
    if not reply.ok:
        raise SourceProblem(f"The catalogue answered with the error {reply.status}.")
    try:
        answer = json.loads(reply.text)
    except (ValueError, RecursionError):
        raise SourceProblem("The address does not answer as CKAN's API does: its answer is no JSON.") from None
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not answer.get("success"):
        raise SourceProblem("The address does not answer as CKAN's API does.")
    return result


def _count(result: Mapping[str, Any]) -> int:
    count = result.get("count")
    return count if isinstance(count, int) else 0

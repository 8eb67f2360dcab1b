"""Both ways of writing the same gathered records, and what each leaves in a form that can be compared."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pysolr
from ckan import model
from ckan.tests.helpers import changed_config
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.participation.harvesting import batches, organisations, settings, writing
from ckanext.participation.harvesting.record import Record
from ckanext.participation.harvesting.stages import mapper

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What differs between two writings of the same records: moments of these days, and numbers made from them or from random ids.
_NOW = re.compile("(?:" + "|".join(
    f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (-1, 0, 1)) + r")[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_OF_THE_MOMENT = frozenset({"_version_", "index_id"})
NEVER_TRUSTED = "never trusted"


@dataclass
class Gathered:
    """A record of a source, as the gathering left it."""

    object_id: str
    guid: str
    record: Record


def user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def gather(source: dict[str, Any]) -> tuple[str, list[Gathered]]:
    """Read the source; return the job's id and its records, mapped."""
    job_id = tk.get_action("harvest_job_create")({"user": user(), "ignore_auth": True}, {"source_id": source["id"], "run": False})["id"]
    job: Any = HarvestJob.get(job_id)
    # Every record, and none of them written yet.
    job.source.config = '{"force_all": true}'
    job.source.save()
    harvester: Any = queue.get_harvester(job.source.type)
    job.status = "Running"
    job.save()
    chosen = settings.read(job.source.config)
    found = []
    with changed_config("participation.harvest.batches", False):
        gathered = queue.gather_stage(harvester, job)
    for object_id in gathered or []:
        row: Any = HarvestObject.get(object_id)
        if row.content:
            found.append(Gathered(object_id, row.guid, harvester.record(json.loads(row.content), mapper(chosen), job.source)))
    job.status = "Finished"
    job.save()
    return job_id, found


class OneByOne:
    """As harvests write today: each dataset through CKAN's actions."""

    def write(self, source: dict[str, Any], _job: str, gathered: list[Gathered], _here: dict[str, str]) -> dict[str, str]:
        """Write the records; return the ids of the datasets, or the reasons, by the records' identifiers."""
        chosen = settings.read(source.get("config"))
        found: dict[str, str] = {}
        for one in gathered:
            row: Any = HarvestObject.get(one.object_id)
            try:
                writing.write(row, writing.previous(row), copy.deepcopy(one.record), chosen, user(), lambda organisation: organisation)
            except tk.ValidationError as error:
                model.Session.rollback()
                found[one.guid] = str(error.error_dict)
            else:
                found[one.guid] = row.package_id
        return found

    def remove(self, _source: dict[str, Any], job: str, ids: dict[str, str]) -> None:
        """Remove these datasets, which the source lost."""
        for guid, identifier in ids.items():
            of_job: Any = HarvestJob.get(job)
            row: Any = HarvestObject(guid=guid, job=of_job, source=of_job.source, package_id=identifier)
            row.save()
            writing.remove(row, user())


@dataclass
class Together:
    """As batches."""

    mode: str = "fast"

    def write(self, source: dict[str, Any], job: str, gathered: list[Gathered], here: dict[str, str]) -> dict[str, str]:
        """Write the records; return the ids of the datasets, or the reasons, by the records' identifiers."""
        outcomes = batches.write(items(source, gathered, here), run_of(source, job, mode=self.mode))
        return {outcome.guid: outcome.package_id or outcome.reason for outcome in outcomes}

    def remove(self, source: dict[str, Any], job: str, ids: dict[str, str]) -> None:
        """Remove these datasets, which the source lost."""
        batches.remove([batches.Removal(guid, identifier) for guid, identifier in ids.items()], run_of(source, job, mode=self.mode))


def run_of(source: dict[str, Any], job_id: str, **options: Any) -> batches.Run:
    return batches.Run(source["id"], job_id, user(), **options)


def items(source: dict[str, Any], gathered: list[Gathered], here: dict[str, str] | None = None) -> list[batches.Item]:
    """The records as a batch takes them; `here` says which datasets they were written to before."""
    chosen = settings.read(source.get("config"))
    found = []
    for one in gathered:
        owner, notes = organisations.owner_of(
            one.record.organisation, source["owner_org"], chosen, user(), lambda organisation: organisation)
        found.append(batches.Item(one.guid, copy.deepcopy(one.record), owner, (here or {}).get(one.guid), one.object_id, notes=tuple(notes)))
    return found


def left(ids: dict[str, str]) -> dict[str, Any]:
    """What the database and the search say of these datasets, without what differs between two writings."""
    solr = pysolr.Solr(tk.config["solr_url"])
    solr.commit()
    found: dict[str, Any] = {}
    for guid, identifier in sorted(ids.items()):
        shown = tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": identifier})
        cached = tk.get_action("package_show")({"ignore_auth": True}, {"id": identifier})
        documents = solr.search(f"id:{identifier}", rows=10).docs
        assert len(documents) == 1, guid
        for name in ("data_dict", "validated_data_dict"):
            documents[0][name] = json.loads(documents[0][name])
        package: Any = model.Package.get(identifier)
        members = sorted(
            (row.capacity, row.state, row.table_name, row.group_id) for row in model.Session.query(model.Member).filter_by(table_id=identifier))
        # CKAN compares 22 characters with a moment of which Solr prints no ".000": of one dataset in a thousand it never takes the index's word.
        trusted = cached if package.metadata_modified.microsecond >= 1000 else NEVER_TRUSTED
        rows = {
            "package": {c.name: getattr(package, c.name) for c in model.package_table.c},
            "resources": [{c.name: getattr(row, c.name) for c in model.resource_table.c} for row in package.resources],
            # CKAN leaves deleted files at any position.
            "deleted": sorted((row.url, row.state) for row in package.resources_all if row.state == "deleted"),
            "tags": sorted((tie.tag.name, tie.state) for tie in package.package_tags), "members": members,
        }
        found[guid] = _plain(json.loads(json.dumps(
            {"shown": shown, "via_index": trusted, "document": documents[0], "rows": rows}, default=str)))
    return found


def _plain(value: Any) -> Any:
    """Without moments, ids by the order in which they come (what was read by way of the index last), extras in the order of their keys."""
    seen: dict[str, str] = {}

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: walk(value[name], name) for name in sorted(value) if name not in _OF_THE_MOMENT}
        if isinstance(value, list):
            rows = [walk(one, key) for one in value]
            return sorted(rows, key=lambda row: row["key"]) if key == "extras" else rows
        if isinstance(value, str):
            return _NOW.sub("now", _UUID.sub(lambda match: seen.setdefault(match[0], f"id-{len(seen)}"), value))
        return value

    return walk(value)


Make = Callable[..., dict[str, Any]]


def searched(ids: Iterable[str]) -> set[str]:
    """Those of the datasets that the search has."""
    solr = pysolr.Solr(tk.config["solr_url"])
    solr.commit()
    wanted = " ".join(ids)
    return {row["id"] for row in solr.search(f"id:({wanted})", rows=1000, fl="id").docs} if wanted else set()


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two such readings differ, in words."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [said for name in sorted(one.keys() | other.keys())
                for said in differences(one.get(name, "nothing"), other.get(name, "nothing"), f"{where}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [said for index, pair in enumerate(zip(one, other, strict=True)) for said in differences(*pair, f"{where}/{index}")]
    return [] if one == other or NEVER_TRUSTED in (one, other) else [f"{where}: {one!r} / {other!r}"]

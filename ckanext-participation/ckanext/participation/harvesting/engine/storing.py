"""Records kept as harvest objects, which ckanext-harvest has imported one by one: where other plugins do not let batches be written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

from ckanext.participation.harvesting.engine import reports, state
from ckanext.participation.harvesting.engine.handing import Gone, Taken, Tally
from ckanext.participation.harvesting.engine.importing import Errand
from ckanext.participation.harvesting.engine.rules import Known, Verdict

PORTION = 200


class Storing:
    """Stores what differs in portions, each a transaction; what an earlier attempt at the run had stored is not stored again."""

    def __init__(self, harvester: Any, errand: Errand, known: Known, heed: Callable[[Tally], None]) -> None:
        self.harvester = harvester
        self.errand = errand
        self.known = known
        self._heed = heed
        self._ids: list[str] = []
        self._stored = stored(errand.job_id)
        self._objects: list[dict[str, Any]] = []
        self._due: list[dict[str, Any]] = []
        self._same: list[dict[str, Any]] = []

    def take(self, record: Taken) -> None:
        """Store a record, unless it makes the very dataset that is here already."""
        if record.verdict is not Verdict.NEW and not self.errand.chosen.force_all and self._is_here(record):
            self._heed(Tally(same=Counter([record.verdict])))
            self._same.append(state.known_by(self.errand.source.id, record, self.errand.basis))
        else:
            self._object(record.guid, record.content)
            self._due.append({"source_id": self.errand.source.id, "guid": record.guid, "due": True, "page": record.page,
                              "seen_run": self.errand.run_id})
        if len(self._objects) + len(self._same) >= PORTION:
            self.flush()

    def remove(self, gone: Gone) -> None:
        """Store a removal."""
        self._object(gone.guid, None, gone.package_id)

    def flush(self) -> None:
        """Write what has come together, in one transaction."""
        if self._objects:
            model.Session.execute(sa.insert(HarvestObject), self._objects)
            removals = [
                {"harvest_object_id": row["id"], "key": "status", "value": "delete"} for row in self._objects if row["content"] is None
            ]
            if removals:
                model.Session.execute(sa.insert(HarvestObjectExtra), removals)
        state.hand_on(self._due)
        state.note(self._same)
        self._objects, self._due, self._same = [], [], []
        model.Session.commit()

    def finish(self) -> list[str]:
        """The ids of the harvest objects to import."""
        self.flush()
        return self._ids

    def close(self) -> None:
        """Forget what was not written."""
        self._objects, self._due, self._same = [], [], []

    def _is_here(self, record: Taken) -> bool:
        try:
            made = self.harvester.record(json.loads(record.content), self.errand.maps, self.errand.source)
        except Exception as error:  # noqa: BLE001  mappings raise whatever an odd value makes them raise
            # The import meets it again and names it in the report.
            reports.log.info("a record could not be mapped while gathering: %s", type(error).__name__)
            return False
        return self.known.became(record.guid, made.digest())

    def _object(self, guid: str, content: str | None, package_id: str | None = None) -> None:
        if guid in self._stored:
            self._ids.append(self._stored[guid])
            return
        row = {
            "id": make_uuid(),
            "guid": guid,
            "content": content,
            "package_id": package_id,
            "harvest_job_id": self.errand.job_id,
            "harvest_source_id": self.errand.source.id,
        }
        self._objects.append(row)
        self._ids.append(row["id"])


def stored(job_id: str, *, waiting: bool = False) -> dict[str, str]:
    """The harvest objects of a job: their ids by the records' identifiers. `waiting`: only those that are still to be imported."""
    objects = sa.select(HarvestObject.guid, HarvestObject.id).where(HarvestObject.harvest_job_id == job_id)
    if waiting:
        objects = objects.where(HarvestObject.state.notin_(["COMPLETE", "ERROR"]))
    return dict(tuple(row) for row in model.Session.execute(objects))

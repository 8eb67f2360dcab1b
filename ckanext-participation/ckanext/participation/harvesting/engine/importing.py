"""Portions of records made into datasets: mapped, compared with what is here, written in batches, and noted in the same transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject
from sqlalchemy.exc import DBAPIError

from ckanext.participation.common import subjects
from ckanext.participation.harvesting import batches, organisations
from ckanext.participation.harvesting.engine import fence, garbage, reports, state
from ckanext.participation.harvesting.engine.handing import Gone, Portion, Source, Taken, Tally
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.engine.rules import Known, Verdict
from ckanext.participation.harvesting.record import Mapper, Organisation
from ckanext.participation.harvesting.settings import Settings

log = logging.getLogger(__name__)

# Records between two looks for garbage: graphs of so many take some MB.
_SWEPT_AFTER = 25


@dataclass(frozen=True)
class Errand:
    """Whose records are written, for which attempt at which run, in whose name. `owner`: the source's own organisation."""

    source: Source
    job_id: str
    run_id: int
    attempt: int
    basis: str
    user: str
    owner: str | None
    chosen: Settings
    maps: Mapper


class Importer:
    """Writes portions in this process."""

    def __init__(self, harvester: Any, errand: Errand, known: Known) -> None:
        self.harvester = harvester
        self.errand = errand
        self.known = known
        self.run = batches.Run(
            errand.source.id, errand.job_id, errand.user, errand.chosen.hooks, errand.chosen.activities, self._fence)
        self._owners: dict[tuple[str, str], tuple[str | None, list[str]]] = {}

    @garbage.uncollected()
    def settle(self, portion: Portion) -> Tally:
        """Write what differs. A record that cannot be written costs only itself.

        :raises Superseded: another run of the source has begun
        :raises DBAPIError: the database is away; nothing of the transaction under way is written
        """
        tally = Tally()
        records, gone = self._left(portion) if portion.again else (portion.records, portion.gone)
        tally.written += len(portion) - len(records) - len(gone)
        self._write(records, tally)
        self._remove(gone, tally)
        return tally

    def refuse(self, portion: Portion, reason: str) -> Tally:
        """Report every record of the portion as one that could not be written, for this reason."""
        refusals = [batches.Refusal(one.guid, reason, one.content) for one in portion.records]
        refusals += [batches.Refusal(one.guid, reason) for one in portion.gone]
        batches.refuse(refusals, self.run, self._notes({one.guid: one for one in portion.records}))
        return Tally(written=len(refusals), errors=len(refusals))

    # -- what is written -----------------------------------------------------------------------------------------------

    def _write(self, records: Sequence[Taken], tally: Tally) -> None:
        same: list[tuple[Taken, str]] = []
        items: list[batches.Item] = []
        refusals: list[batches.Refusal] = []
        packages = self._packages([one.guid for one in records])
        for number, one in enumerate(records, start=1):
            if number % _SWEPT_AFTER == 0:
                garbage.collect_new()
            try:
                record = self.harvester.record(json.loads(one.content), self.errand.maps, self.errand.source)
                digest = record.digest()
                if self._is_here(one, digest):
                    tally.same[one.verdict] += 1
                    same.append((one, digest))
                    continue
                owner, notes = self._owner(record.organisation)
            except SourceProblem:
                raise
            except Exception as error:  # noqa: BLE001  mappings raise whatever an odd value makes them raise
                model.Session.rollback()
                _unless_away(error)
                refusals.append(batches.Refusal(one.guid, reports.reason_of(error, one.guid), one.content))
                continue
            items.append(batches.Item(
                one.guid, record, owner, packages.get(one.guid), content=one.content, notes=tuple(notes), digest=digest))
        of_guid = {one.guid: one for one in records}
        self._note_same(same)
        outcomes = batches.refuse(refusals, self.run, self._notes(of_guid))
        outcomes += batches.write(items, self.run, self._notes(of_guid, {item.guid: item.digest for item in items}))
        tally.written += len(records)
        tally.errors += sum(outcome.status == "errored" for outcome in outcomes)

    def _is_here(self, one: Taken, digest: str) -> bool:
        return one.verdict is not Verdict.NEW and not self.errand.chosen.force_all and self.known.became(one.guid, digest)

    def _owner(self, organisation: Organisation | None) -> tuple[str | None, list[str]]:
        key = (organisation.identifier, organisation.name) if organisation else ("", "")
        if key not in self._owners:
            errand = self.errand
            self._owners[key] = organisations.owner_of(
                organisation, errand.owner, errand.chosen, errand.user,
                lambda made: self.harvester.details(made, errand.source, errand.chosen))
        return self._owners[key]

    def _packages(self, guids: list[str]) -> dict[str, str]:
        """The datasets that these records were written to before, also removed ones: they come back with what people said about them."""
        source_id = self.errand.source.id
        known = state.packages_of(source_id, guids)
        others = [guid for guid in guids if guid not in known]
        if others:
            objects = sa.select(HarvestObject.guid, HarvestObject.package_id).where(
                HarvestObject.harvest_source_id == source_id, HarvestObject.guid.in_(others), HarvestObject.package_id.isnot(None))
            for guid, package_id in model.Session.execute(objects.order_by(HarvestObject.current, HarvestObject.gathered)):
                known[guid] = package_id
        taken: set[str] = set()
        return {guid: known[guid] for guid in guids if guid in known and not (known[guid] in taken or taken.add(known[guid]))}

    def _remove(self, gone: Sequence[Gone], tally: Tally) -> None:
        if not gone:
            return
        removals = [batches.Removal(one.guid, one.package_id) for one in gone]
        try:
            batches.remove(removals, self.run, self._notes({}))
            tally.written += len(gone)
        except SourceProblem:
            raise
        except Exception as error:  # noqa: BLE001  whatever one removal raises, it costs only itself
            _unless_away(error)
            if len(gone) > 1:
                self._remove(gone[: len(gone) // 2], tally)
                self._remove(gone[len(gone) // 2 :], tally)
                return
            refused = batches.Refusal(gone[0].guid, reports.reason_of(error, gone[0].guid))
            batches.refuse([refused], self.run, self._notes({}))
            tally.written += 1
            tally.errors += 1

    # -- what is noted with it -----------------------------------------------------------------------------------------

    def _fence(self) -> None:
        fence.check(self.errand.source.id, self.errand.run_id, self.errand.attempt)

    def _notes(self, records: dict[str, Taken], digests: dict[str, str] | None = None) -> batches.BeforeCommit:
        def note(outcomes: Sequence[batches.Outcome]) -> None:
            source_id, run_id = self.errand.source.id, self.errand.run_id
            subjects.come_back([one.package_id for one in outcomes if one.status == "updated" and one.package_id])
            state.note([
                {**self._row(records[one.guid]), "package_id": one.package_id, "mapped_digest": (digests or {})[one.guid]}
                for one in outcomes if one.status in {"added", "updated"}])
            for one in outcomes:
                if one.status == "errored":
                    page = records[one.guid].page if one.guid in records else 0
                    state.not_imported(source_id, one.guid, run_id, one.reason, page)
            state.forget_records(source_id, [one.guid for one in outcomes if one.status == "deleted"])

        return note

    def _note_same(self, same: Sequence[tuple[Taken, str]]) -> None:
        if same:
            self._fence()
            state.note([{**self._row(one), "mapped_digest": digest} for one, digest in same])
            model.Session.commit()

    def _row(self, one: Taken) -> dict[str, Any]:
        return {**state.known_by(self.errand.source.id, one, self.errand.basis), "seen_run": self.errand.run_id}

    def _left(self, portion: Portion) -> tuple[list[Taken], list[Gone]]:
        """What of a portion is not written yet."""
        source_id = self.errand.source.id
        done = state.dealt_with(source_id, self.errand.run_id, [one.guid for one in portion.records])
        there = state.packages_of(source_id, [one.guid for one in portion.gone])
        return [one for one in portion.records if one.guid not in done], [one for one in portion.gone if one.guid in there]


def _unless_away(error: Exception) -> None:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        raise error

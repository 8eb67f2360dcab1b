"""One reading of a source: each listed record is judged, what differs is stored as a harvest object, and what is gone is removed.

Everything is written in portions, each a transaction. A reading that was cut off is simply done again: what it had stored is
kept, what was imported meanwhile is unchanged.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckanext.harvest.model import HarvestGatherError, HarvestObject, HarvestObjectExtra
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import now
from ckanext.participation.harvesting.engine import held, state
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.hashing import Fingerprint
from ckanext.participation.harvesting.engine.model import HarvestPage, HarvestRun
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.engine.rules import Verdict
from ckanext.participation.harvesting.settings import Settings

MAX_RECORDS = 500_000
PORTION = 200
# A row of a B-tree index holds some 2,700 bytes.
LONGEST_GUID = 1000
# Dates do not tell everything: a source that renames an organisation leaves its datasets' dates alone.
BY_CONTENT_EVERY = timedelta(days=30)


class Gathering:
    """What one run sees of a source and makes of it."""

    def __init__(self, job: Any, chosen: Settings, asker: Asker, digest_of: Callable[[Any], str]) -> None:
        self.job = job
        self._digest_of = digest_of
        self.source_id: str = job.source.id
        self.chosen = chosen
        self.asker = asker
        state.fill(self.source_id)
        self.basis = state.basis(job.source, job.id)
        # With `force_all` nothing is known well enough.
        self.known = state.load(self.source_id, "" if chosen.force_all else self.basis)
        self.run = self._begin()
        self.counts: Counter[str] = Counter()
        self.ids: list[str] = []
        self.pages: list[dict[str, Any]] = []
        self._stored = _stored(job.id)
        self._objects: list[dict[str, Any]] = []
        self._due: list[dict[str, Any]] = []
        self._same: list[dict[str, Any]] = []
        self._moved: list[tuple[str, int]] = []

    def _begin(self) -> int:
        last = model.Session.scalar(
            sa.select(sa.func.max(HarvestRun.started)).where(
                HarvestRun.source_id == self.source_id, HarvestRun.by_content, HarvestRun.whole, HarvestRun.job_id != self.job.id
            )
        )
        self.by_content = last is None or now() - last > BY_CONTENT_EVERY
        values = {"started": now(), "whole": False, "by_content": self.by_content, "requests": 0, "bytes": 0}
        counts = dict.fromkeys(("listed", "unchanged", "new", "changed", "retried", "gone"), 0)
        statement = insert(HarvestRun).values(source_id=self.source_id, job_id=self.job.id, **values, **counts)
        again = statement.on_conflict_do_update(index_elements=["job_id"], set_={**values, **counts})
        number = model.Session.scalar(again.returning(HarvestRun.id))
        model.Session.commit()
        return int(number or 0)

    # -- what the readers call ---------------------------------------------------------------------------------------

    def see(self, guid: str, *, modified: str = "", content: str = "", page: int = 0) -> Verdict:
        """Judge a listed record; what is not unchanged or repeated is to be given to `take`, `same` or `skip`."""
        verdict = self.known.see(guid, modified=modified, content=content, page=page)
        self.counts[verdict] += 1
        if verdict in {Verdict.REPEATED, Verdict.NOTHING}:
            return verdict
        self.counts["listed"] += 1
        if self.counts["listed"] > MAX_RECORDS:
            raise SourceProblem(f"The source has more than {MAX_RECORDS} records; the rest was not read.")
        if verdict is Verdict.UNCHANGED and page and self.known.page_of(guid) != page:
            self._moved.append((guid, page))
            self._flush_when_full()
        return verdict

    def see_page(self, number: int) -> None:
        """All that was on this page is there, unchanged."""
        found, repeated = self.known.see_page(number)
        self.counts["listed"] += found
        self.counts[Verdict.UNCHANGED] += found
        self.counts[Verdict.REPEATED] += repeated

    def take(self, guid: str, content: Any, verdict: Verdict, seen: Fingerprint, page: int = 0) -> None:
        """Hand a record on to the import, unless it makes the very dataset that is here already."""
        written = json.dumps(content, ensure_ascii=True, sort_keys=True)
        if verdict is not Verdict.NEW and not self.chosen.force_all and self.known.became(guid, self._digest_of(json.loads(written))):
            self.counts[verdict] -= 1
            self.counts[Verdict.UNCHANGED] += 1
            self._same.append(
                {
                    "source_id": self.source_id,
                    "guid": guid,
                    "source_modified": seen.modified,
                    "content_hash": seen.content,
                    "mapped_with": self.basis,
                    "page": page,
                    "due": False,
                    "errors": 0,
                    "last_error": None,
                }
            )
        else:
            self._object(guid, written)
            self._due.append({"source_id": self.source_id, "guid": guid, "due": True, "page": page, "seen_run": self.run})
        self._flush_when_full()

    def same(self, guid: str, verdict: Verdict, modified: str) -> None:
        """The record's date changed, its content did not."""
        self.counts[verdict] -= 1
        self.counts[Verdict.UNCHANGED] += 1
        state.settle(self.source_id, guid, source_modified=modified)

    def skip(self, guid: str, verdict: Verdict, *, modified: str = "", content: str = "", page: int = 0) -> None:
        """The record is nothing for us, and is not asked for again while it stays the same."""
        self.counts[verdict] -= 1
        self.counts["listed"] -= 1
        state.nothing_here(self.source_id, guid, modified, content, self.basis, page)

    def missing(self, guid: str, reason: str) -> None:
        """The source lists the record and does not give it: it is tried again in the next run."""
        self.counts["missing"] += 1
        state.missing(self.source_id, guid, self.run, reason)

    def say(self, sentence: str) -> None:
        """Write a row of the job's report."""
        self.flush()
        HarvestGatherError.create(message=sentence, job=self.job)

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self, whole: bool) -> list[str]:
        """Remove what is gone if the source was read to its end; the ids of the harvest objects to import."""
        self.flush()
        if whole and self.counts["listed"]:
            self._remove()
        pages = sa.delete(HarvestPage).where(HarvestPage.source_id == self.source_id)
        model.Session.execute(pages)
        if whole and self.counts["listed"] and self.pages:
            model.Session.execute(insert(HarvestPage), [{"source_id": self.source_id, **page} for page in self.pages])
        self._keep(whole)
        model.Session.commit()
        if self.counts[Verdict.REPEATED]:
            self.say(
                f"{self.counts[Verdict.REPEATED]} records have the identifier of another one; only the first of each was read."
            )
        if whole and not self.counts["listed"]:
            self.say("The source answered, but there is no dataset in it. Nothing was changed here.")
        return self.ids

    def cut_off(self) -> list[str]:
        """The ids of what was stored before an error of this site."""
        return list(_stored(self.job.id).values())

    def _remove(self) -> None:
        gone, found = self.known.gone(), []
        decision = held.decide(self, gone)
        for guid, package_id, decided in list(state.gone(self.source_id, self.known)) if self.known.unseen else ():
            if not package_id:
                state.forget_record(self.source_id, guid)
            elif decided == "confirmed" or (decision.remove and decided != "refused"):
                self._object(guid, None, package_id)
                self.counts["gone"] += 1
            elif decided != "refused":
                found.append(guid)
        if found and decision.held_id is not None:
            held.mark(self.source_id, found, decision.held_id)
        self.flush()
        if decision.sentence:
            self.say(decision.sentence)

    def _keep(self, whole: bool) -> None:
        values = {
            "gathered": now(),
            "whole": whole,
            "by_content": self.by_content,
            "listed": self.counts["listed"],
            "unchanged": self.counts[Verdict.UNCHANGED],
            "new": self.counts[Verdict.NEW],
            "changed": self.counts[Verdict.CHANGED],
            "retried": self.counts[Verdict.RETRY],
            "gone": self.counts["gone"],
            "requests": self.asker.requests,
            "bytes": self.asker.bytes,
        }
        model.Session.execute(sa.update(HarvestRun).where(HarvestRun.id == self.run).values(**values))

    # -- portions ----------------------------------------------------------------------------------------------------

    def _object(self, guid: str, content: str | None, package_id: str | None = None) -> None:
        if guid in self._stored:
            self.ids.append(self._stored[guid])
            return
        row = {
            "id": make_uuid(),
            "guid": guid,
            "content": content,
            "package_id": package_id,
            "harvest_job_id": self.job.id,
            "harvest_source_id": self.source_id,
        }
        self._objects.append(row)
        self.ids.append(row["id"])

    def _flush_when_full(self) -> None:
        if len(self._objects) + len(self._same) + len(self._moved) >= PORTION:
            self.flush()

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
        for guid, page in self._moved:
            state.settle(self.source_id, guid, page=page)
        self._objects, self._due, self._same, self._moved = [], [], [], []
        model.Session.commit()


def key_of(said: object, otherwise: str) -> str:
    """A record's identifier as it can be kept, or `otherwise` where it has none."""
    guid = str(said or "").replace("\x00", "").encode("utf-8", "replace").decode().strip() or otherwise
    if len(guid.encode()) <= LONGEST_GUID:
        return guid
    return f"{guid[:200]}~{hashlib.sha256(guid.encode()).hexdigest()}"


def _stored(job_id: str) -> dict[str, str]:
    rows = model.Session.execute(sa.select(HarvestObject.guid, HarvestObject.id).where(HarvestObject.harvest_job_id == job_id))
    return dict(tuple(row) for row in rows)

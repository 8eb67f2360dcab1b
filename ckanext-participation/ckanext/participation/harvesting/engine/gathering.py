"""One reading of a source: each listed record is judged, what differs is handed on to be written, and what is gone is removed.

A reading that was cut off is simply done again: what was written meanwhile is unchanged.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestGatherError, HarvestObject
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation import config
from ckanext.participation.common.marking import N_
from ckanext.participation.common.model import now
from ckanext.participation.harvesting import batches, sentences
from ckanext.participation.harvesting.engine import fence, held, state
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.batching import Batching
from ckanext.participation.harvesting.engine.handing import Gone, Hands, Source, Taken, Tally
from ckanext.participation.harvesting.engine.hashing import Fingerprint
from ckanext.participation.harvesting.engine.importing import Errand, Importer
from ckanext.participation.harvesting.engine.model import HarvestPage, HarvestRun
from ckanext.participation.harvesting.engine.problems import SourceProblem, StopAsked
from ckanext.participation.harvesting.engine.rules import Verdict
from ckanext.participation.harvesting.engine.storing import Storing
from ckanext.participation.harvesting.engine.workers import Workers
from ckanext.participation.harvesting.record import Mapper
from ckanext.participation.harvesting.settings import Settings

MAX_RECORDS = 500_000
MOVED = 200
# A row of a B-tree index holds some 2,700 bytes.
LONGEST_GUID = 1000
# Dates do not tell everything: a source that renames an organisation leaves its datasets' dates alone.
BY_CONTENT_EVERY = timedelta(days=30)
# A person who watches sees it move; more often would only cost.
BEAT_SECONDS = 1.0
_TWINS = {"http": "https", "https": "http"}
# What becomes of a record in a job's report, as the run counts it.
_REPORTED = {"added": Verdict.NEW, "updated": Verdict.CHANGED}


class Gathering:
    """What one run sees of a source and makes of it."""

    def __init__(self, job: Any, chosen: Settings, asker: Asker, harvester: Any, maps: Mapper) -> None:
        self.job = job
        self.source_id: str = job.source_id
        self.chosen = chosen
        self.asker = asker
        self.source = Source(job.source.id, job.source.type, job.source.url, job.source.config or "")
        basis = state.basis(self.source, job.id)
        self.counts: Counter[str] = Counter()
        self.run, attempt = self._begin()
        # With `force_all` nothing is known well enough.
        self.known = state.load(self.source_id, "" if chosen.force_all else basis, self.run)
        self.pages: list[dict[str, Any]] = []
        self.expected: int | None = None
        self._basis = basis
        self._moved: list[tuple[str, int]] = []
        self._tally = Tally()
        self._beat = time.monotonic()
        self._pages_left = False
        self._reading = True
        owner = model.Session.scalar(sa.select(model.Package.owner_org).where(model.Package.id == self.source_id))
        user = harvester._get_user_name()
        self._errand = Errand(self.source, job.id, self.run, attempt, basis, user, owner, chosen, maps)
        self._hands = self._hands_of(harvester, self._errand)

    def _hands_of(self, harvester: Any, errand: Errand) -> Hands:
        if not config.harvest_batches() or batches.obstacles():
            return Storing(harvester, errand, self.known, self._heed)
        workers = Workers(Importer(harvester, errand, self.known), config.harvest_workers(), self._heed)
        return Batching(workers, self.asker)

    def _begin(self) -> tuple[int, int]:
        fence.close(self.source_id)
        attempt = sa.func.nextval(sa.func.pg_get_serial_sequence(HarvestRun.__tablename__, "id"))
        began, other = now(), orm.aliased(HarvestRun)
        lately = sa.exists().where(other.source_id == self.source_id, other.by_content, other.whole, other.job_id != self.job.id,
                                   other.started >= began - BY_CONTENT_EVERY)
        values = {"attempt": attempt, "beat": began, "whole": False, "by_content": ~lately, "gathered": None, "finished": None,
                  "expected": None, "stop_asked": False}
        counts = dict.fromkeys(("listed", "unchanged", "new", "changed", "retried", "gone", "read", "written", "errors"), 0)
        statement = insert(HarvestRun).values(
            source_id=self.source_id, job_id=self.job.id, started=began, requests=0, bytes=0, **values, **counts)
        again = statement.on_conflict_do_update(index_elements=["job_id"], set_={**values, **counts})
        said = again.returning(HarvestRun.id, HarvestRun.attempt, HarvestRun.by_content, HarvestRun.started)
        number, attempt, self.by_content, started = model.Session.execute(said).one()
        if started != began:
            self._count_reported()
        model.Session.commit()
        return number, attempt

    def _count_reported(self) -> None:
        """Take what an earlier attempt at this job did for done by this one."""
        reported = model.Session.execute(
            sa.select(HarvestObject.report_status, sa.func.count()).where(
                HarvestObject.harvest_job_id == self.job.id, HarvestObject.report_status.in_(_REPORTED)
            ).group_by(HarvestObject.report_status))
        self.counts.update({_REPORTED[status]: number for status, number in reported})

    # -- what the readers call ---------------------------------------------------------------------------------------

    def expect(self, records: int) -> None:
        """Say how many records the source says that it has."""
        self.expected = records

    def see(self, guid: str, *, modified: str = "", content: str = "", page: int = 0) -> Verdict:
        """Judge a listed record; what is new, changed or to be retried is to be given to `take`, `same` or `skip`."""
        self._recognise(guid)
        verdict = self.known.see(guid, modified=modified, content=content, page=page)
        self.counts[verdict] += 1
        if verdict in {Verdict.REPEATED, Verdict.NOTHING}:
            return verdict
        self.counts["listed"] += 1
        if self.counts["listed"] > MAX_RECORDS:
            raise SourceProblem(sentences.MANY_RECORDS(number=MAX_RECORDS))
        if verdict is Verdict.UNCHANGED and page and self.known.page_of(guid) != page:
            self._moved.append((guid, page))
            if len(self._moved) >= MOVED:
                self.flush()
        self._show()
        return verdict

    def _recognise(self, guid: str) -> None:
        """Know a record by its address of now when its catalogue went from http to https: it is no new dataset, and none is gone."""
        scheme, separator, rest = guid.partition("://")
        before = f"{_TWINS[scheme]}://{rest}" if separator and scheme in _TWINS else ""
        if before and not self.known.knows(guid) and self.known.is_gone(before):
            state.rename(self.source_id, before, guid)
            self.known.rename(before, guid)

    def see_page(self, number: int) -> None:
        """All that was on this page is there, unchanged."""
        found, repeated = self.known.see_page(number)
        self.counts["listed"] += found
        self.counts[Verdict.UNCHANGED] += found
        self.counts[Verdict.REPEATED] += repeated
        self._show()

    def leave_pages(self) -> None:
        """A page is not as it was: until the catalogue was read to its end, nothing is known of its pages."""
        if not self._pages_left:
            model.Session.execute(sa.delete(HarvestPage).where(HarvestPage.source_id == self.source_id))
            model.Session.commit()
            self._pages_left = True

    def take(self, guid: str, content: Any, verdict: Verdict, seen: Fingerprint, page: int = 0) -> None:
        """Hand a record on to be written, unless it makes the very dataset that is here already."""
        written = json.dumps(content, ensure_ascii=True, sort_keys=True)
        self._hands.take(Taken(guid, written, verdict, seen.modified, seen.content, page))
        self._show()

    def same(self, guid: str, verdict: Verdict, modified: str) -> None:
        """The record's date changed, its content did not."""
        self._is_same(verdict)
        state.settle(self.source_id, guid, source_modified=modified)

    def skip(self, guid: str, verdict: Verdict, *, modified: str = "", content: str = "", page: int = 0) -> None:
        """The record is nothing for us, and is not asked for again while it stays the same; a dataset that it was is gone."""
        self.counts[verdict] -= 1
        self.counts["listed"] -= 1
        if self.known.withdraw(guid):
            return
        state.nothing_here(self.source_id, guid, modified, content, self._basis, page)

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
        """Remove what is gone if the source was read to its end; the ids of harvest objects that are left to import."""
        self._reading = False
        self.flush()
        sentence = self._remove() if whole and self.counts["listed"] else ""
        ids = self._hands.finish()
        fence.check(self.source_id, self.run, self._errand.attempt)
        if not self._pages_left:
            model.Session.execute(sa.delete(HarvestPage).where(HarvestPage.source_id == self.source_id))
        if whole and self.counts["listed"] and self.pages:
            model.Session.execute(insert(HarvestPage), [{"source_id": self.source_id, **page} for page in self.pages])
        self._note(gathered=now(), whole=whole, finished=None if ids else now())
        model.Session.commit()
        if self._tally.written:
            batches.show()
        if sentence:
            self.say(sentence)
        if self.counts[Verdict.REPEATED]:
            self.say(sentences.SAME_IDENTIFIER(number=self.counts[Verdict.REPEATED]))
        if whole and not self.counts["listed"]:
            self.say(N_("The source answered, but there is no dataset in it. Nothing was changed here."))
        return ids

    def close(self) -> None:
        """End what writes for this reading."""
        self._hands.close()

    def _remove(self) -> str:
        """Hand on what is gone; a sentence for the report when a person is to be asked first."""
        gone, found = self.known.gone(), []
        decision = held.decide(self, gone)
        for guid, package_id, decided in list(state.gone(self.source_id, self.known)) if self.known.unseen else ():
            if not package_id:
                state.forget_record(self.source_id, guid)
            elif decided == "confirmed" or (decision.remove and decided != "refused"):
                self.counts["gone"] += 1
                self._hands.remove(Gone(guid, package_id))
            elif decided != "refused":
                found.append(guid)
        if found and decision.held_id is not None:
            held.mark(self.source_id, found, decision.held_id)
        self.flush()
        return decision.sentence

    # -- progress ----------------------------------------------------------------------------------------------------

    def _is_same(self, verdict: Verdict, number: int = 1) -> None:
        self.counts[verdict] -= number
        self.counts[Verdict.UNCHANGED] += number

    def _heed(self, tally: Tally) -> None:
        """What became of a portion."""
        for verdict, number in tally.same.items():
            self._is_same(verdict, number)
        self._tally.written += tally.written
        self._tally.errors += tally.errors
        self._show()

    def _show(self) -> None:
        """Let whoever watches see how far it is, and hear whether a person wants it to end."""
        if time.monotonic() - self._beat < BEAT_SECONDS:
            return
        self._beat = time.monotonic()
        stop = self._note()
        model.Session.commit()
        if stop and self._reading:
            raise StopAsked

    def _note(self, **values: Any) -> bool:
        values |= {
            "by_content": self.by_content,
            "listed": self.counts["listed"],
            "unchanged": self.counts[Verdict.UNCHANGED],
            "new": self.counts[Verdict.NEW],
            "changed": self.counts[Verdict.CHANGED],
            "retried": self.counts[Verdict.RETRY],
            "gone": self.counts["gone"],
            "requests": self.asker.requests,
            "bytes": self.asker.bytes,
            "expected": self.expected,
            "read": self.counts["listed"],
            "written": self._tally.written,
            "errors": self._tally.errors,
            "beat": now(),
            "not_before": self.asker.not_before,
        }
        own = sa.update(HarvestRun).where(HarvestRun.id == self.run).values(**values).returning(HarvestRun.stop_asked)
        return bool(model.Session.scalar(own))

    def flush(self) -> None:
        """Write what has come together."""
        for guid, page in self._moved:
            state.settle(self.source_id, guid, page=page)
        self._moved = []
        model.Session.commit()
        self._hands.flush()


def key_of(said: object, otherwise: str) -> str:
    """A record's identifier as it can be kept, or `otherwise` where it has none."""
    guid = str(said or "").replace("\x00", "").encode("utf-8", "replace").decode().strip() or otherwise
    if len(guid.encode()) <= LONGEST_GUID:
        return guid
    return f"{guid[:200]}~{hashlib.sha256(guid.encode()).hexdigest()}"

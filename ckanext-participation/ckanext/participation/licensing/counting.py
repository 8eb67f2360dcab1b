"""What a site's datasets say of their licences and nobody recognises, counted in the background; and names told to the search.

One walk over all datasets does both. It is a chore of the sending process, in slices of a few seconds, so that mails do not wait for it;
one that is cut off by a restart begins anew. A name is told to the search once every process knows it: whoever writes a dataset in the
meantime would else put its former licence into the index after the walk had been there.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any, Final

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.logic import index_update_package

from ckanext.participation.common.model import now
from ckanext.participation.licences import box, further, saying
from ckanext.participation.licences.folding import keys_of
from ckanext.participation.licences.model import datasets
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.rules import recognise
from ckanext.participation.licences.survey import Survey, Unclear
from ckanext.participation.licensing.aliases import LIFE
from ckanext.participation.licensing.records import LicenceAlias, LicenceCount, LicenceStatement

log = logging.getLogger(__name__)

SECONDS_IN_A_ROUND: Final = 5.0
# Five minutes on a small site, an hour on a large one: a walk costs about a millisecond for each dataset.
SHORTEST_PAUSE: Final = 300.0
LONGEST_PAUSE: Final = 3_600.0
PAUSE_FOR_A_DATASET: Final = 0.05
# Every process has read the names anew by then.
SETTLED: Final = timedelta(seconds=LIFE + 10)
MOST_STATEMENTS: Final = 10_000
MOST_PARTS: Final = 10
_LOCK: Final = 0x5A11A5


class Walk:
    """One round over all datasets."""

    def __init__(self, pending: list[Any]) -> None:
        self.names = further.names(fresh=True)
        self.pending = pending
        self.keys = {row.key for row in pending}
        # A name may recognise in more ways than by its key (within an address): so datasets are also judged without and with it.
        self.others = [{key: licence for key, licence in self.names.items() if key not in self.keys},
                       {**self.names, **{row.key: row.licence_id for row in pending}}] if pending else []
        self.survey = Survey(bundled_register(), self.names, MOST_STATEMENTS)
        self.rows = datasets()
        self.to_index: list[str] = []
        self.indexed = 0
        self.stored = False

    def go_on(self, until: float = float("inf")) -> bool:
        """Walk until this moment of the clock; say whether the walk is over. Raises SearchIndexError while the search does not answer."""
        for dataset in self.rows:
            if self._changes(dataset, self.survey.add(dataset)):
                self.to_index.append(dataset["id"])
            if time.monotonic() > until:
                return False
        if not self.stored:
            store(self.survey)
            self.stored = True
        while self.to_index:
            _index(self.to_index[-1])
            self.to_index.pop()
            self.indexed += 1
            if time.monotonic() > until:
                return False
        search.commit()
        LicenceAlias.settle(self.pending, now())
        model.Session.commit()
        return True

    def _changes(self, dataset: dict[str, Any], found: box.Found) -> bool:
        """Say whether what the search holds of a dataset may be out of date, for the names that it was not told yet."""
        if not self.pending:
            return False
        if any(key in self.keys for name in saying.names_of(dataset) for key in keys_of(name)):
            return True
        return any(box.index_value(box.of_dataset(self.survey.register, dataset, names)) != box.index_value(found) for names in self.others)


def _index(dataset_id: str) -> None:
    try:
        index_update_package({"ignore_auth": True}, dataset_id, defer_commit=True)
    except tk.ObjectNotFound:
        log.info("Dataset %s is gone since the walk passed it", dataset_id)
    except search.SearchIndexError:
        if not search.is_available():
            raise
        # One that the search refuses must not keep the others.
        log.exception("The search does not take dataset %s", dataset_id)


_under_way: list[Walk] = []


def run() -> None:
    """Go on with the walk, or begin one when a name waits or the last count is old: the chore of the sending process."""
    if not _under_way and is_due():
        _under_way.append(Walk(_settled()))
    if _under_way:
        try:
            if _under_way[0].go_on(time.monotonic() + SECONDS_IN_A_ROUND):
                _under_way.clear()
        except search.SearchIndexError as error:
            log.warning("The search is not told of names of licences: %s. The walk goes on when it answers.", error)
        except Exception:
            # What broke off in the middle can't be gone on with.
            _under_way.clear()
            raise


def seconds() -> float:
    """Return how long to wait between two slices."""
    return 1.0 if _under_way else 10.0


def is_due() -> bool:
    """Say whether a name waits to be told to the search, or the last count is old."""
    count = LicenceCount.last()
    if count is None or _settled():
        return True
    pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, count.datasets * PAUSE_FOR_A_DATASET))
    return count.at < now() - timedelta(seconds=pause)


def _settled() -> list[Any]:
    return [row for row in LicenceAlias.pending() if row.latest < now() - SETTLED]


def everything() -> Walk:
    """Do a whole walk now, for every name, however young; commit."""
    walk = Walk(LicenceAlias.pending())
    walk.go_on()
    return walk


def _to_name(statement: Unclear) -> list[str]:
    """Return the names in a statement that an alias could be given: of one that contradicts itself, those the register does not know."""
    parts = statement.parts[:MOST_PARTS]
    if statement.confidence != "ambiguous":
        return list(parts)
    return [part for part in parts if recognise(bundled_register(), title=part).id is None]


def store(survey: Survey) -> None:
    """Put a count in the place of the last one; commit."""
    found = survey.unclear()
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    model.Session.execute(sa.delete(LicenceStatement))
    model.Session.execute(sa.delete(LicenceCount))
    if found:
        model.Session.execute(sa.insert(LicenceStatement), [{
            "number": number, "level": one.level, "statement": one.statement, "count": one.count, "parts": _to_name(one),
            "keys": list(dict.fromkeys(key for part in one.parts[:MOST_PARTS] for key in keys_of(part))), "why": one.why,
            "candidates": list(one.candidates),
            "examples": [{"id": ref, "name": name} for ref, name in zip(one.example_ids, one.examples, strict=True)],
        } for number, one in enumerate(found, 1)])
    model.Session.add(LicenceCount(id=1, at=now(), datasets=survey.datasets, statements=len(found), left_out=survey.left_out,
                                   recognised=survey.by_key))
    model.Session.commit()

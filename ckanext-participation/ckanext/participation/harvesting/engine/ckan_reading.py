"""Reading another CKAN: a list of ids and dates first, then only the datasets that differ.

Portals are of all ages. One that does not know `fl` gives whole rows, one that does not filter by range is read by offset, one
that refuses a batch is asked for halves and at last for single datasets, one that has no search is read by its list of names; each is
noticed by what comes back, not by its version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import broken_pages, sentences
from ckanext.participation.harvesting.engine import hashing
from ckanext.participation.harvesting.engine.ckan_api import API, count_of, is_not_for_us, named, quoted
from ckanext.participation.harvesting.engine.gathering import Gathering, key_of
from ckanext.participation.harvesting.engine.problems import AnsweredError, EndedEarly, SourceProblem
from ckanext.participation.harvesting.engine.rules import Verdict

LISTED_ROWS, WHOLE_ROWS = 1000, 100
LISTED_FIELDS = "id,name,metadata_modified,dataset_type"
MAX_PAGES = 10_000
# Ids of one request: servers and what stands before them take addresses of 4 to 8 kB.
BATCH, BATCH_LETTERS = 100, 3500
MAX_SINGLES = 2000
# Without a search there is no other way.
MAX_NAMES = 20_000
# So many answers with an error one after the other are the catalogue's trouble, not the datasets'.
MAX_FAILED = 10
_REFUSED = frozenset({400, 409, 413, 414, 500})
_NO_SEARCH = frozenset({400, 401, 403, 404, 405, 409, 500, 501})
_NOT_GIVEN = frozenset({400, 401, 403, 404, 409, 410, 500})
NOT_GIVEN = N_("The catalogue lists the dataset and does not give it.")


class CKANReading:
    """One reading of one catalogue."""

    def __init__(self, api: API, filters: str, gathering: Gathering) -> None:
        self.api = api
        self.filters = filters
        self.gathering = gathering
        self.brief = gathering.known.worth_listing and not gathering.by_content
        gathering.by_content = not self.brief
        self.keyset = True
        self.batches = True
        self.singles = self.failed = 0
        self.asked = 0
        self.wanted: list[tuple[str, str, Verdict]] = []
        self.rows = 0
        self.last = ""
        # The first page that broke off, how many did, and how the records begin that are broken.
        self.cut_at = self.cut = 0
        self.broken: list[str] = []

    def read(self) -> None:
        """List the catalogue and hand on what differs; what was listed before a problem is handed on all the same."""
        try:
            self._list()
        except EndedEarly:
            raise
        except (FetchError, SourceProblem) as problem:
            if self._has_no_search(problem):
                self._read_by_name(problem)
                return
            self._fetch_in_spite_of(problem)
            raise
        self._fetch()

    # -- listing -----------------------------------------------------------------------------------------------------

    def _list(self) -> None:
        expected: int | None = None
        fresh = 0
        for number in range(MAX_PAGES):
            result = self._page()
            rows = result["results"]
            self._note_lost(result, number + 1)
            count = count_of(result)
            if not number and count is not None:
                expected = count
                self.gathering.expect(count)
            if self.keyset and not (self._advances(rows) and (rows or self.rows >= (expected or 0))):
                # The sorting or the range was ignored: what was read is read, the rest comes by offset.
                self.keyset = False
                if self.rows:
                    continue
            found = self._judge(rows)
            fresh += found
            self.rows += len(rows)
            if not rows or ("lost" not in result and self._is_last(count, len(rows))):
                break
            if not found:
                if count is None and len(rows) < self.asked:
                    # It gives all that it has to whatever is asked.
                    break
                raise SourceProblem(N_("The catalogue gives the same page again and again; what it gave until there was read."))
        else:
            raise SourceProblem(sentences.MANY_PAGES(number=MAX_PAGES))
        if (self.cut or self.broken) and (expected is None or fresh < expected):
            raise SourceProblem(self._lost())
        if self.cut:
            self.gathering.say(sentences.ASKED_FURTHER(number=self.cut))
        if fresh < (expected or 0):
            raise SourceProblem(sentences.FEWER_THAN_NAMED(total=expected, number=fresh))

    def _note_lost(self, result: Mapping[str, Any], number: int) -> None:
        """Note what of a page was not whole; the next one begins behind what was."""
        lost = result.get("lost")
        if lost is None:
            return
        self.broken += lost.beginnings
        if lost.ends_early:
            self.cut += 1
            self.cut_at = self.cut_at or number
        if not result["results"]:
            raise SourceProblem(self._lost())

    def _lost(self) -> str:
        if self.broken:
            return sentences.RECORDS_BROKEN(number=len(self.broken), names=broken_pages.named(self.broken))
        return sentences.PAGE_CUT(page=self.cut_at)

    def _is_last(self, count: int | None, given: int) -> bool:
        """Whether nothing follows this page, as far as the catalogue's count can be believed: some count no more than the page."""
        return given < self.asked and count == (given if self.keyset else self.rows)

    def _page(self) -> dict[str, Any]:
        """The next page, in the best form that this catalogue gives."""
        while True:
            self.asked = LISTED_ROWS if self.brief else WHOLE_ROWS
            words: dict[str, Any] = {"rows": self.asked, "sort": "id asc"}
            if self.brief:
                words["fl"] = LISTED_FIELDS
            terms = [self.filters] if self.filters else []
            if self.keyset and self.last:
                terms.append(f"id:{{{quoted(self.last)} TO *]")
            elif not self.keyset:
                words["start"] = self.rows
            if terms:
                words["fq"] = " AND ".join(terms)
            try:
                result = self.api.search(words)
            except AnsweredError as problem:
                if problem.status not in _REFUSED or not self._simpler():
                    raise
                continue
            if self.brief and self._no_list(result["results"]):
                self.brief = False
                self.gathering.by_content = True
                continue
            return result

    def _simpler(self) -> bool:
        """Ask in a simpler way from now on; False when there is none."""
        if self.keyset and self.last:
            self.keyset = False
        elif self.brief:
            self.brief = False
            self.gathering.by_content = True
        else:
            return False
        return True

    def _no_list(self, rows: list[Any]) -> bool:
        """Whether these rows are not what `fl` asked for: an older CKAN gives whole datasets, or names."""
        return any(
            not isinstance(row, Mapping) or "resources" in row or not row.get("id") or not row.get("metadata_modified") for row in rows
        )

    def _advances(self, rows: list[Any]) -> bool:
        last = self.last
        for row in rows:
            said = named(row, "id")
            if not said or said <= last:
                return False
            last = said
        self.last = last
        return True

    def _judge(self, rows: list[Any]) -> int:
        """Judge each row; how many were not listed before."""
        return sum(self._listed(self._key(row), row) if self.brief else self._whole(self._key(row), row) for row in rows)

    def _key(self, row: Any) -> str:
        """What identifies a row from run to run; by its place it would be another one wherever a page begins."""
        said = named(row, "id") or named(row, "name") or named(row, "title")
        return key_of(said, f"{self.api.address}#{hashing.fingerprint(row).content}")

    def _listed(self, guid: str, row: Mapping[str, Any]) -> bool:
        modified = hashing.moment(row.get("metadata_modified"))
        verdict = self.gathering.see(guid, modified=modified)
        if verdict in {Verdict.NEW, Verdict.CHANGED, Verdict.RETRY}:
            if row.get("dataset_type") == "harvest":
                self.gathering.skip(guid, verdict, modified=modified)
            else:
                self.wanted.append((guid, modified, verdict))
        return verdict is not Verdict.REPEATED

    def _whole(self, guid: str, row: Any) -> bool:
        seen = hashing.fingerprint(row)
        verdict = self.gathering.see(guid, modified=seen.modified, content=seen.content)
        if verdict in {Verdict.NEW, Verdict.CHANGED, Verdict.RETRY}:
            self._hand_on(guid, row, verdict, seen)
        return verdict is not Verdict.REPEATED

    def _hand_on(self, guid: str, row: Any, verdict: Verdict, seen: hashing.Fingerprint) -> None:
        if is_not_for_us(row):
            self.gathering.skip(guid, verdict, modified=seen.modified, content=seen.content)
        else:
            self.gathering.take(guid, row, verdict, seen)

    # -- fetching ----------------------------------------------------------------------------------------------------

    def _fetch_in_spite_of(self, problem: Exception) -> None:
        try:
            self._fetch()
        except EndedEarly:
            raise
        except (FetchError, SourceProblem) as second:
            # The report names what came first; the second is most often the same.
            second.__cause__ = problem

    def _fetch(self) -> None:
        missing = 0
        for batch in _batches(self.wanted):
            rows = self._rows({guid for guid, _, _ in batch})
            for guid, modified, verdict in batch:
                row = rows.get(guid)
                if row is None:
                    row = self._single(guid)
                if row is None:
                    missing += 1
                    self.gathering.missing(guid, NOT_GIVEN)
                    continue
                seen = hashing.fingerprint(row)
                if verdict is Verdict.CHANGED and self.gathering.known.has(guid, seen.content):
                    self.gathering.same(guid, verdict, modified)
                else:
                    self._hand_on(guid, row, verdict, seen._replace(modified=modified))
        self.wanted = []
        if missing:
            self.gathering.say(sentences.NOT_GIVEN(number=missing))

    def _rows(self, guids: set[str]) -> dict[str, Any]:
        """What one request gives of these datasets; in halves where the catalogue refuses so many."""
        if not self.batches:
            return {}
        words = {"fq": f"id:({' OR '.join(quoted(guid) for guid in sorted(guids))})", "rows": len(guids)}
        try:
            rows = self.api.search(words)["results"]
        except AnsweredError as problem:
            if problem.status not in _REFUSED:
                raise
            if len(guids) == 1:
                return {}
            some = set(sorted(guids)[: len(guids) // 2])
            return self._rows(some) | self._rows(guids - some)
        found = {str(row["id"]): row for row in rows if isinstance(row, Mapping) and row.get("id")}
        if found and not guids & set(found):
            # The filter was ignored.
            self.batches = False
        return found

    def _single(self, guid: str, most: int = MAX_SINGLES) -> Any:
        if self.singles >= most:
            raise SourceProblem(sentences.MANY_SINGLES(number=most))
        self.singles += 1
        try:
            row = self.api.show(guid)
        except AnsweredError as problem:
            self.failed += 1
            if problem.status not in _NOT_GIVEN or (self.failed >= MAX_FAILED and problem.status >= 500):
                raise
            return None
        self.failed = 0
        return row

    # -- without a search --------------------------------------------------------------------------------------------

    def _has_no_search(self, problem: Exception) -> bool:
        """Whether the catalogue refuses to search at all; a source's filters can't be kept without it."""
        return isinstance(problem, AnsweredError) and problem.status in _NO_SEARCH and not (self.rows or self.filters)

    def _read_by_name(self, problem: Exception) -> None:
        """Ask for each dataset of the catalogue's list of names."""
        try:
            names = self.api.names()
        except (FetchError, SourceProblem):
            names = []
        if not names:
            raise problem
        self.brief = False
        self.gathering.by_content = True
        self.gathering.expect(len(names))
        missing = 0
        for name in names:
            row = self._single(name, MAX_NAMES)
            if row is None:
                missing += 1
            else:
                self._whole(self._key(row), row)
        if missing:
            raise SourceProblem(sentences.SOME_NOT_GIVEN(number=missing, total=len(names)))


def _batches(wanted: list[tuple[str, str, Verdict]]) -> Iterator[list[tuple[str, str, Verdict]]]:
    batch: list[tuple[str, str, Verdict]] = []
    letters = 0
    for one in wanted:
        length = len(quote(quoted(one[0]) + " OR "))
        if batch and (len(batch) >= BATCH or letters + length > BATCH_LETTERS):
            yield batch
            batch, letters = [], 0
        batch.append(one)
        letters += length
    if batch:
        yield batch

"""Reading another CKAN: a list of ids and dates first, then only the datasets that differ.

Portals are of all ages. One that does not know `fl` gives whole rows, one that does not filter by range is read by offset, one
that refuses a batch is asked for halves and at last for single datasets; each is noticed by what comes back, not by its version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.engine import hashing
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.gathering import Gathering, key_of
from ckanext.participation.harvesting.engine.problems import AnsweredError, EndedEarly, SourceProblem
from ckanext.participation.harvesting.engine.rules import Verdict

LISTED_ROWS, WHOLE_ROWS = 1000, 100
LISTED_FIELDS = "id,name,metadata_modified,dataset_type"
MAX_PAGES = 10_000
# Ids of one request: servers and what stands before them take addresses of 4 to 8 kB.
BATCH, BATCH_LETTERS = 100, 3500
MAX_SINGLES = 2000
_REFUSED = frozenset({400, 409, 413, 414, 500})
NOT_GIVEN = N_("The catalogue lists the dataset and does not give it.")


class API:
    """The calls of one CKAN catalogue."""

    def __init__(self, asker: Asker, address: str, api_key: str) -> None:
        self.asker = asker
        self.address = address.rstrip("/")
        self.headers = {"Authorization": api_key} if api_key else {}

    def search(self, words: Mapping[str, Any]) -> dict[str, Any]:
        """`package_search`; raises AnsweredError, SourceProblem or FetchError."""
        result = self._result("package_search?" + urlencode(words, quote_via=quote))
        if not isinstance(result, dict) or not isinstance(result.get("results"), list):
            raise SourceProblem(N_("The catalogue's search gave no list of datasets."))
        return result

    def show(self, dataset: str) -> Any:
        """`package_show`."""
        return self._result("package_show?" + urlencode({"id": dataset}))

    def _result(self, call: str) -> Any:
        reply = self.asker.get(f"{self.address}/api/3/action/{call}", headers=self.headers, accept="application/json")
        return result_of(reply)


def result_of(reply: Any) -> Any:
    """What CKAN's API answered; raises AnsweredError or SourceProblem in plain words."""
    if reply.status == 404:
        raise AnsweredError(N_("There is no CKAN API at this address. Give the first address of a CKAN catalogue."), 404)
    if not reply.ok:
        raise AnsweredError(sentences.ANSWERED_ERROR(status=reply.status), reply.status)
    try:
        answer = json.loads(reply.text)
    except (ValueError, RecursionError):
        raise SourceProblem(N_("The address does not answer as CKAN's API does: its answer is no JSON.")) from None
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not answer.get("success"):
        raise SourceProblem(N_("The address does not answer as CKAN's API does."))
    return result


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
        self.singles = 0
        self.wanted: list[tuple[str, str, Verdict]] = []
        self.rows = 0
        self.last = ""

    def read(self) -> None:
        """List the catalogue and hand on what differs; what was listed before a problem is handed on all the same."""
        try:
            self._list()
        except EndedEarly:
            raise
        except (FetchError, SourceProblem) as problem:
            self._fetch_in_spite_of(problem)
            raise
        self._fetch()

    # -- listing -----------------------------------------------------------------------------------------------------

    def _list(self) -> None:
        expected: int | None = None
        fresh = 0
        for _ in range(MAX_PAGES):
            result = self._page()
            rows = result["results"]
            count = _count(result)
            if expected is None:
                expected = count
                self.gathering.expect(count)
            if self.keyset and not self._advances(rows):
                # The sorting or the range was ignored: what was read is read, the rest comes by offset.
                self.keyset = False
                if self.rows:
                    continue
            found = self._judge(rows)
            fresh += found
            self.rows += len(rows)
            left = count - len(rows) if self.keyset else count - self.rows
            if left <= 0 or not rows:
                break
            if not found:
                raise SourceProblem(N_("The catalogue gives the same page again and again; what it gave until there was read."))
        else:
            raise SourceProblem(sentences.MANY_PAGES(number=MAX_PAGES))
        if fresh < (expected or 0):
            raise SourceProblem(sentences.FEWER_THAN_NAMED(total=expected, number=fresh))

    def _page(self) -> dict[str, Any]:
        """The next page, in the best form that this catalogue gives."""
        while True:
            words: dict[str, Any] = {"rows": LISTED_ROWS if self.brief else WHOLE_ROWS, "sort": "id asc"}
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
            said = row.get("id") if isinstance(row, Mapping) else None
            if isinstance(said, str) and said:
                if said <= last:
                    return False
                last = said
        self.last = last
        return True

    def _judge(self, rows: list[Any]) -> int:
        """Judge each row; how many were not listed before."""
        fresh = 0
        for number, row in enumerate(rows, self.rows + 1):
            said = row.get("id") if isinstance(row, Mapping) else None
            guid = key_of(said if isinstance(said, str) else "", f"{self.api.address}#{number}")
            if self.brief:
                fresh += self._listed(guid, row)
            else:
                fresh += self._whole(guid, row)
        return fresh

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
        if isinstance(row, Mapping) and (row.get("private") or row.get("type") == "harvest"):
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

    def _single(self, guid: str) -> Any:
        if self.singles >= MAX_SINGLES:
            raise SourceProblem(sentences.MANY_SINGLES(number=MAX_SINGLES))
        self.singles += 1
        try:
            return self.api.show(guid)
        except AnsweredError as problem:
            if problem.status in {403, 404, 409}:
                return None
            raise


def quoted(text: str) -> str:
    """A text as a term of Solr's query language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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


def _count(result: Mapping[str, Any]) -> int:
    count = result.get("count")
    return count if isinstance(count, int) else 0

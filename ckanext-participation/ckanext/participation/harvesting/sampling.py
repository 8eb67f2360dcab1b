"""The first records of a source as they would be here, beside what the source said. Reads only: nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any, Final, cast

from ckan import plugins
from ckanext.harvest.interfaces import IHarvester

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.harvesting import settings
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.engine.rules import Known, Verdict
from ckanext.participation.harvesting.feeds import NotACatalogue
from ckanext.participation.harvesting.record import Record, Unreadable
from ckanext.participation.harvesting.stages import Stages, mapper

LONGEST_RAW: Final = 20_000
# A person waits for it.
SECONDS: Final = 120.0


class _Enough(Exception):
    """As many records were read as were asked for."""


class _Tasting:
    """What a reading hands its records to when nothing is kept: every record is new, and whole."""

    source_id = ""
    by_content = True

    def __init__(self, chosen: settings.Settings, asker: Asker, keep: Callable[[str, Any, str], None]) -> None:
        self.chosen = chosen
        self.asker = asker
        self.known = Known([])
        self.pages: list[dict[str, Any]] = []
        self._keep = keep
        self._seen: set[str] = set()

    def expect(self, records: int) -> None:
        """Nothing: only the first are looked at."""

    def leave_pages(self) -> None:
        """Nothing: no page is known."""

    def see(self, guid: str, **_marks: Any) -> Verdict:
        """Say that a record is new, or that it was seen."""
        if guid in self._seen:
            return Verdict.REPEATED
        self._seen.add(guid)
        return Verdict.NEW

    def take(self, guid: str, content: Any, *_marks: Any) -> None:
        """Keep a record."""
        self._keep(guid, content, "")

    def missing(self, guid: str, reason: str) -> None:
        """Keep a record that the source lists and does not give."""
        self._keep(guid, None, reason)

    def skip(self, guid: str, *_marks: Any, **_more: Any) -> None:
        """Leave out what is nothing for us."""

    def say(self, sentence: str) -> None:
        """Nothing: a record's problem stands with the record."""


@dataclass
class Sampled:
    """One record: `raw` as the source gave it (cut), and either the dataset it would be here or the `problem` with it."""

    guid: str
    raw: str
    problem: str = ""
    dataset: dict[str, Any] = field(default_factory=dict)
    organisation: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class Sample:
    """The first records of a source. `more`: it has others; `problem`: why reading ended before."""

    records: list[Sampled] = field(default_factory=list)
    more: bool = False
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def harvester_of(source_type: str) -> Stages | None:
    """Return the harvester of one of our source types, when its plugin is loaded."""
    return next((one for one in plugins.PluginImplementations(IHarvester)
                 if isinstance(one, Stages) and dict(one.info() or {}).get("name") == source_type), None)


def take(harvester: Stages, url: str, config: str, *, most: int, progress: Callable[[int], None]) -> Sample:
    """Read and map the first records of a source.

    :param config: the source's configuration, JSON as its form takes it
    :param most: how many at most
    :param progress: is told after each record how many were read
    :raises BadSettings: the configuration is not understood
    """
    chosen = settings.read(config)
    source: Any = SimpleNamespace(url=url, config=config)
    sample = Sample()
    maps = mapper(chosen)

    def keep(guid: str, content: Any, problem: str) -> None:
        if len(sample.records) == most:
            sample.more = True
            raise _Enough
        row = Sampled(guid, "", problem) if problem else _sampled(harvester, source, guid, content, maps)
        sample.records.append(row)
        progress(len(sample.records))

    try:
        with Asker(seconds=SECONDS) as asker:
            harvester.read(source, cast(Gathering, _Tasting(chosen, asker, keep)))
    except _Enough:
        pass
    except (FetchError, NotACatalogue) as problem:
        sample.problem = problem.sentence
    except SourceProblem as problem:
        sample.problem = str(problem)
    return sample


def _sampled(harvester: Stages, source: Any, guid: str, content: Any, maps: Any) -> Sampled:
    row = Sampled(guid, _raw(harvester, content))
    try:
        record: Record = harvester.record(content, maps, source)
    except Unreadable as problem:
        row.problem = str(problem)
        return row
    row.dataset, row.notes = record.dataset, list(record.notes)
    if record.organisation is not None:
        row.organisation = next(iter(record.organisation.title_translated.values()), "") or record.organisation.name
    return row


def _raw(harvester: Stages, content: Any) -> str:
    """What the source said, cut where it is long."""
    text = harvester.readable(content)
    return text if len(text) <= LONGEST_RAW else f"{text[:LONGEST_RAW]}…"

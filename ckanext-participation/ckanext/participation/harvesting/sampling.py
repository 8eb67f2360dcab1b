"""The first records of a source as they would be here, beside what the source said. Reads only: nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

from ckan import plugins
from ckanext.harvest.interfaces import IHarvester

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.harvesting import settings
from ckanext.participation.harvesting.feeds import NotACatalogue
from ckanext.participation.harvesting.record import Record, Unreadable
from ckanext.participation.harvesting.stages import SourceProblem, Stages, mapper

LONGEST_RAW: Final = 20_000


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
    try:
        for guid, content in islice(harvester.entries(source, chosen), most + 1):
            if len(sample.records) == most:
                sample.more = True
                break
            sample.records.append(_sampled(harvester, source, guid, content, maps))
            progress(len(sample.records))
    except (FetchError, NotACatalogue) as problem:
        sample.problem = problem.sentence
    except SourceProblem as problem:
        sample.problem = str(problem)
    return sample


def _sampled(harvester: Stages, source: Any, guid: str, content: Any, maps: Any) -> Sampled:
    row = Sampled(guid, _raw(content))
    try:
        record: Record = harvester.record(content, maps, source)
    except Unreadable as problem:
        row.problem = str(problem)
        return row
    row.dataset, row.notes = record.dataset, list(record.notes)
    if record.organisation is not None:
        row.organisation = next(iter(record.organisation.title_translated.values()), "") or record.organisation.name
    return row


def _raw(content: Any) -> str:
    """What the source said: the Turtle of RDF, else JSON."""
    text = content["turtle"] if isinstance(content, dict) and "turtle" in content else json.dumps(content, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST_RAW else f"{text[:LONGEST_RAW]}…"

"""Every recorded file, harvested twice and then with everything mapped anew: only the first run writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from harvesting.recorded import DATA, FEEDS, FULL, Feed, answer, inventory, lines, needed, text

from ckanext.participation.harvesting.running import Report, run

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"), needed]

Make = Callable[..., dict[str, Any]]
SAMPLE = 4
WRITING = ("added", "updated", "deleted")
# In the normal run; every file of both folders with FULL=1.
QUICK = ("A/csa-open-canada/ckan_metadata_dump_20220526.jsonl", "A/datagovuk-fixtures/v26/organization_list.json", "A/portal-lists/ckan.csv",
         "B/us-agencies/fcc.data.json", "B/norway-fdk-fixtures/all_datasets.ttl", "B/norway-fdk-fixtures/nested_blank_nodes.ttl",
         "B/scotland-dcatus-arcgis/usmart/Dumfries_and_Galloway_Council.json", "B/opendatasoft-public/output.ttl")
KNOWN = {feed.path: feed for feed in FEEDS}
KINDS = {".ttl": "ttl", ".rdf": "rdf", ".jsonld": "jsonld"}


def feed_of(path: str) -> Feed:
    """How a file is served: as it is by the differential test, else as its name and folder say; what is no catalogue as a page of text."""
    suffix = Path(path.removesuffix(".gz")).suffix
    if path in KNOWN:
        return KNOWN[path]
    if path.startswith("B/us-agencies"):
        return Feed(path, "json", path, inventory)
    if suffix == ".jsonl" or (suffix == ".json" and path.startswith("A/") and _has_datasets(DATA / path)):
        return Feed(path, "ckan", path, lines if suffix == ".jsonl" else answer)
    return Feed(path, KINDS.get(suffix, "any"), path, text)


def _has_datasets(path: Path) -> bool:
    return all(isinstance(row, dict) and {"title", "name", "title_fra"} & row.keys() for row in answer(path))


PATHS = sorted(str(path.relative_to(DATA)) for folder in ("A", "B") for path in (DATA / folder).rglob("*") if path.is_file())
CHOSEN = [path for path in PATHS if FULL or path in QUICK]


def serve(feed: Feed, served: Any) -> tuple[str, dict[str, Any]]:
    """Serve a file; the source's path in the demo's list, and what is changed in it."""
    most = None if FULL else SAMPLE
    if feed.kind == "ckan":
        served.csa.datasets.clear()
        served.csa.datasets.update({row["name"]: row for row in feed.served(most)})
        return "csa", {}
    if feed.kind == "json":
        served.us.datasets[:] = feed.content()[:most]
        return "us", {}
    if feed.kind == "any":
        served.fail("/psdi/catalog.ttl", body=(DATA / feed.path).read_bytes(), content_type="application/octet-stream")
        return "psdi", {}
    served.psdi.pages[feed.kind][:] = [feed.content()]
    return "psdi", {"url": served.url(f"/psdi/catalog.{feed.kind}")}


def write_otherwise(feed: Feed, served: Any) -> None:
    """The same catalogue in other bytes, so that its page is parsed again."""
    served.us.catalogue["again"] = "yes"
    if feed.kind in served.psdi.pages:
        served.psdi.pages[feed.kind][0] += "\n"


def here() -> dict[str, Any]:
    """When each dataset was last written."""
    model.Session.expire_all()
    rows = model.Session.execute(sa.select(model.Package.id, model.Package.metadata_modified).where(model.Package.type == "dataset"))
    return dict(tuple(row) for row in rows)


def counts(report: Report) -> dict[str, int]:
    return dict(+report.counts)


@pytest.mark.parametrize("path", CHOSEN)
def test_a_second_run_of_a_recorded_file_changes_nothing(path: str, make_source: Make, allowed: Any) -> None:
    feed = feed_of(path)
    name, changes = serve(feed, allowed)
    source = make_source(name, **changes)
    first = run(source["id"])
    written = here()
    assert len(written) == first.counts["added"]
    assert written or first.sentences, "nothing came in, and nothing was said"
    expected = {"not modified": len(written), "errored": first.counts["errored"]}
    expected = {verdict: number for verdict, number in expected.items() if number}
    assert counts(run(source["id"])) == expected
    write_otherwise(feed, allowed)
    model.Session.execute(sa.text("UPDATE harvest_source SET config = :config"), {"config": json.dumps({"remove_up_to": 30})})
    model.Session.commit()
    anew = run(source["id"])
    assert counts(anew) == expected, anew.sentences[:5]
    assert here() == written


def test_the_sample_is_of_files_that_are_there() -> None:
    assert set(QUICK) <= set(PATHS)

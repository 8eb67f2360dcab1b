"""The recorded portals of other people that are not part of the project: read where they are, else their tests are skipped.

They lie in `shared/data` beside the project, or where PARTICIPATION_DATA says. FULL=1 (`make test-full`) takes all of each, not a sample.
"""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DATA = Path(os.environ.get("PARTICIPATION_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
FULL = bool(os.environ.get("FULL"))
needed = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded portals are not here ({DATA}; PARTICIPATION_DATA names another folder)")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Feed:
    """A recorded catalogue: `kind` is ckan, json, ttl, rdf or jsonld."""

    name: str
    kind: str
    path: str
    read: Callable[[Path], Any]

    def content(self) -> Any:
        """Rows of a CKAN or data.json; the text of RDF."""
        return self.read(DATA / self.path)

    def served(self, most: int | None) -> Rows:
        """The first rows of a CKAN as its API gives them: a dump lacks what only the running site adds."""
        rows = self.content()[:most]
        for number, row in enumerate(rows):
            name = str(row.get("name") or row.get("id") or f"dataset-{number}")
            row.update({"name": name, "state": "active", "private": False, "type": "dataset"})
            row.setdefault("id", str(uuid.uuid5(uuid.NAMESPACE_URL, name)))
            for key in ("metadata_created", "metadata_modified"):
                row[key] = row.get(key) or "2020-01-01T00:00:00.000000"
            row["organization"] = row["organization"] if isinstance(row.get("organization"), dict) else None
            row["tags"] = [{"name": tag} if isinstance(tag, str) else tag for tag in row.get("tags") or []]
            row["groups"] = [{"name": group} if isinstance(group, str) else group for group in row.get("groups") or []]
            row["resources"] = row.get("resources") or []
        return rows


def lines(path: Path) -> Rows:
    """One dataset a line."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.decode("utf-8-sig").splitlines() if line.strip()]


def answer(path: Path) -> Rows:
    """What CKAN's API answered: `package_search`, `package_show`, or a bare dataset."""
    said = json.loads(path.read_text(encoding="utf-8-sig"))
    said = said.get("result", said) if isinstance(said, dict) else said
    rows = said["results"] if isinstance(said, dict) and "results" in said else said
    return rows if isinstance(rows, list) else [rows]


def inventory(path: Path) -> Rows:
    """The datasets of a data.json."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return json.loads(raw.decode("utf-8-sig"))["dataset"]


def text(path: Path) -> str:
    """RDF as it is."""
    return path.read_text(encoding="utf-8-sig")


FEEDS = [
    Feed("csa", "ckan", "A/csa-open-canada/ckan_metadata_dump_20220526.jsonl", lines),
    Feed("hdx", "ckan", "A/hdx/datasets_mixed.jsonl.gz", lines),
    Feed("toronto", "ckan", "A/toronto/datasets.jsonl", lines),
    Feed("opendataphilly", "ckan", "A/opendataphilly/datasets.jsonl", lines),
    Feed("birmingham", "ckan", "A/birmingham/package_search.json", answer),
    Feed("catalog-data-gov", "ckan", "A/catalog-data-gov/package_search_10rows.json", answer),
    Feed("nii-health", "ckan", "A/datagovuk-nii-health/health.jsonl", lines),
    Feed("datagovuk-create", "ckan", "A/datagovuk-fixtures/v26/package_show_create.json", answer),
    Feed("datagovuk-inspire", "ckan", "A/datagovuk-fixtures/v26/package_show_inspire.json", answer),
    Feed("kitten-toilets", "ckan", "A/theodi-data-kitten/ckan/package_show-toilets.json", answer),
    Feed("kitten-rest-defence", "ckan", "A/theodi-data-kitten/ckan/rest-dataset-defence.json", answer),
    Feed("canada-2013-pilot", "ckan", "A/canada-2013-legacy/pilot.json", answer),
    Feed("canada-2013-ec", "ckan", "A/canada-2013-legacy/ec.json", answer),
    Feed("canada-2013-sample", "ckan", "A/canada-2013-legacy/obd_sample_2.jsonl", lines),
    *(Feed(f"us-{name}", "json", f"B/us-agencies/{name}.data.json", inventory) for name in
      ("consumerfinance", "energy", "fcc", "gsa", "opm", "treasury")),
    *(Feed(f"scotland-{name}", "jsonld", f"B/scotland-dcatus-arcgis/dcat/{name}.json", text) for name in
      ("edinburgh", "glasgow", "highland", "north_ayrshire", "north_lanarkshire")),
    Feed("psdi-ttl", "ttl", "B/psdi/psdi-dcat.ttl", text),
    Feed("psdi-jsonld", "jsonld", "B/psdi/psdi-dcat.jsonld", text),
    Feed("bremen", "rdf", "B/govdata-de/bremen-catalog-original-input.rdf", text),
    Feed("destatis", "rdf", "B/govdata-de/destatis-catalog-original-input.rdf", text),
    Feed("opendatasoft", "ttl", "B/opendatasoft-public/catalog.ttl", text),
    *(Feed(f"norway-{name}", "ttl", f"B/norway-fdk-fixtures/{name}.ttl", text) for name in
      ("all_catalogs", "catalog_0", "catalog_1", "catalog_with_blank_node", "nested_blank_nodes", "catalog_0_no_uri_properties",
       "dataset_series", "harvest_response_0")),
    # These two are broken on purpose.
    *(Feed(f"norway-{name}", "ttl", f"B/norway-fdk-fixtures/{name}.ttl", text) for name in ("all_datasets", "harvest_response_error")),
]

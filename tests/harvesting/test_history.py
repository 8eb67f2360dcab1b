"""Six agencies' inventories over five days: 27 snapshots replayed in order give what their own differences say, and nothing else."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject
from harvesting.recorded import DATA, FULL, inventory, needed

from ckanext.participation.harvesting.running import run

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"), needed]

Make = Callable[..., dict[str, Any]]
FOLDER = DATA / "B/us-agencies-history"
AGENCIES = ("energy", "fcc", "gsa", "opm", "treasury")
# In the normal run: those of the Commission's that change most, and so many records of Energy's, where two come and go.
SNAPSHOTS, RECORDS = 4, 12


def snapshots(agency: str) -> list[list[dict[str, Any]]]:
    found = [inventory(path) for path in sorted((FOLDER / agency).glob("*.json.gz"))]
    if FULL:
        return found
    everywhere = set.intersection(*({identifier(row) for row in rows} for rows in found))
    changing = {identifier(row) for before, after in itertools.pairwise(found) for row in after if row not in before}
    kept = set(sorted(everywhere - changing)[:RECORDS]) | changing | ({identifier(row) for rows in found for row in rows} - everywhere)
    return [[row for row in rows if identifier(row) in kept] for rows in found[:SNAPSHOTS]]


def identifier(row: dict[str, Any]) -> str:
    return row["identifier"].strip()


def written(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


def here(state: str) -> dict[str, str]:
    """Datasets by the identifier that the source gives them, straight from the tables."""
    model.Session.expire_all()
    rows = model.Session.execute(sa.select(model.Package.extras, model.Package.id).where(
        model.Package.type == "dataset", model.Package.state == state))
    return {row.extras["guid"]: row.id for row in rows}


def test_all_snapshots_are_there() -> None:
    assert len(list(Path(FOLDER).glob("*/*.json.gz"))) == 27
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(AGENCIES)


@pytest.mark.parametrize("agency", AGENCIES)
def test_snapshots_give_exactly_the_changes_between_them(agency: str, make_source: Make, allowed: Any) -> None:
    source = make_source("us", config=json.dumps({"organizations": "source"}))
    before: dict[str, str] = {}
    ever: dict[str, str] = {}
    for number, rows in enumerate(snapshots(agency), 1):
        allowed.us.datasets[:] = rows
        now = {identifier(row): written(row) for row in rows}
        report = run(source["id"])
        # A dataset that was here before is the same one when it comes back.
        expected = Counter(
            added=len(now.keys() - ever.keys()),
            updated=sum(now[one] != before[one] for one in now.keys() & before.keys()) + len((now.keys() - before.keys()) & ever.keys()),
            deleted=len(before.keys() - now.keys()),
        )
        expected["not modified"] = len(now) - expected["added"] - expected["updated"]
        assert +report.counts == +expected, f"snapshot {number}: {report}"
        active, gone = here("active"), here("deleted")
        assert active.keys() == now.keys()
        ever |= active
        assert active | gone == ever, "a dataset was made anew"
        before = now
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(HarvestObject).where(HarvestObject.current.is_(True))) == len(before)

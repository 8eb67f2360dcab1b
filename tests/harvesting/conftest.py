from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting.record import Mapper
from ckanext.participation.licences.register import bundled_register

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "demo"
sys.path.insert(0, str(DEMO))

from replay import Replay  # noqa: E402


@pytest.fixture(scope="session")
def mapper() -> Mapper:
    import ckan.config

    rows = json.loads((Path(ckan.config.__file__).parent / "resource_formats.json").read_text(encoding="utf-8"))
    formats = {
        spelling.lower(): row[0] for row in rows if row[0] != "_comment" for spelling in (row[0], row[2], *row[3]) if spelling
    }
    return Mapper(bundled_register(), formats, "en")


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as running:
        yield running


@pytest.fixture
def allowed(replay: Replay, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The replay server, which harvests may ask although it is on loopback."""
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [f"127.0.0.1:{replay.port}"])
    return replay


@pytest.fixture
def make_source(allowed: Replay) -> Callable[..., dict[str, Any]]:
    """Create one of the demo's three sources (`csa`, `us`, `psdi`), or change what it says."""

    def make(path: str, **changes: Any) -> dict[str, Any]:
        rows = json.loads((DEMO / "sources.json").read_text(encoding="utf-8"))["sources"]
        row = next(row for row in rows if row["path"].startswith(f"/{path}"))
        organisation = row["organization"]
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        try:
            owner = call_action("organization_show", id=organisation["name"])
        except tk.ObjectNotFound:
            owner = call_action("organization_create", {"user": user}, **organisation)
        return call_action(
            "harvest_source_create",
            {"user": user},
            **{
                "name": row["name"],
                "title": row["title"]["en"],
                "url": allowed.url(row["path"]),
                "source_type": row["source_type"],
                "owner_org": owner["id"],
                "frequency": "MANUAL",
                "config": json.dumps(row["config"]),
                **changes,
            },
        )

    return make

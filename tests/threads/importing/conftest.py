"""The former sites: each peer's recorded database, the catalogue of today, the import, and where a row went."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.model import Event, Subject
from ckanext.participation.threads.importing import running
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Options
from ckanext.participation.threads.model import Comment, Thread

FIXTURES = Path(__file__).parents[1] / "fixtures"
ORGANIZATION = "0a000000-0000-4000-8000-000000000001"
ARIEL, DOMINIQUE, CLAUDE, UNKNOWN = (f"0b000000-0000-4000-8000-0000000000{number:02}" for number in (1, 2, 3, 99))
SNOW, BRIDGES, TREES = (f"0d000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
SNOW_FILE, TREES_FILE = "0f000000-0000-4000-8000-000000000001", "0f000000-0000-4000-8000-000000000003"

Former = Callable[..., str]
Import = Callable[..., Report]


def _server(statement: str) -> None:
    engine = sa.create_engine(model.meta.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        # The driver itself: the recorded texts hold colons and percent signs.
        connection.connection.cursor().execute(statement)
    engine.dispose()


@pytest.fixture(scope="package")
def _recorded() -> Iterator[dict[str, str]]:
    """Each peer's recorded database, loaded once."""
    made: dict[str, str] = {}
    yield made
    for name in made.values():
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def former(_recorded: dict[str, str]) -> Iterator[Former]:
    """Make a peer's database as its release has it, changed by `change` (SQL); give its address."""
    copies: list[str] = []

    def make(peer: str, change: str | None = None) -> str:
        def address(name: str) -> str:
            return model.meta.engine.url.set(database=name).render_as_string(hide_password=False)

        if peer not in _recorded:
            name = f"recorded_{peer}"
            _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            _server(f"CREATE DATABASE {name}")
            _execute(address(name), (FIXTURES / f"{peer}.sql").read_text())
            _recorded[peer] = name
        if change is None:
            return address(_recorded[peer])
        name = f"changed_{peer}_{len(copies)}"
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _server(f"CREATE DATABASE {name} TEMPLATE {_recorded[peer]}")
        copies.append(name)
        _execute(address(name), "SET search_path = public; " + change)
        return address(name)

    yield make
    for name in copies:
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def site() -> None:
    """The catalogue as it is today: the snow data are there, the bridges deleted, the trees purged; Claude's account is gone."""
    def add(table: Any, **values: Any) -> None:
        model.Session.execute(sa.insert(table).values(**values))

    for identifier, name, fullname in ((ARIEL, "ariel-exemple", "Ariel Exemple"), (DOMINIQUE, "dominique-modele", "Dominique Modèle")):
        add(model.User, id=identifier, name=name, fullname=fullname, email=f"{name}@example.org")
    add(model.Group, id=ORGANIZATION, name="ministere-modele", title="Ministère modèle", type="organization", is_organization=True,
        extras={})
    add(model.Member, group_id=ORGANIZATION, table_name="user", table_id=DOMINIQUE, capacity="admin")
    add(model.Package, id=SNOW, name="neige-exemple", title="Neige", type="dataset", owner_org=ORGANIZATION)
    add(model.Package, id=BRIDGES, name="ponts-exemple", title="Ponts", type="dataset", owner_org=ORGANIZATION, state="deleted")
    add(model.Resource, id=SNOW_FILE, package_id=SNOW, url="https://example.org/neige.csv", name="neige.csv")
    model.Session.commit()


@pytest.fixture
def bring(site: None, former: Former) -> Import:
    """Import a peer: `bring("comments")`; gives the report. `database` is another than the recorded one."""

    def run(peer: str, *, database: str | None = None, dry: bool = False, file: io.StringIO | None = None, **options: Any) -> Report:
        report = Report(file)
        chosen = Options(**{"zone": ZoneInfo("UTC"), **options})
        assert running.run(peer, report, options=chosen, database=database or former(peer), dry=dry)
        return report

    return run


def place(row: str) -> tuple[Thread, Comment]:
    """Return the thread and the message that a row of the former site became."""
    target = model.Session.scalars(sa.select(Event.target_id).where(Event.data["row"].astext == row)).one()
    thread_id, _, seq = target.partition("#")
    return model.Session.get_one(Thread, int(thread_id)), model.Session.get_one(Comment, (int(thread_id), int(seq or 1)))


def subject_of(thread: Thread) -> Subject:
    return model.Session.get_one(Subject, thread.subject_id)

"""What every test may lean on. Services are real: `make test` starts them and names their settings file with --ckan-ini."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

# The same examples every time, however busy the machine is: `make test` says the same of the same code. HYPOTHESIS_PROFILE=default looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


# Tests of these folders share what takes long to make: they stay together when `make test` runs several processes.
TOGETHER = ("tests/browser", "tests/solr", "tests/threads/importing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the inner loop try a few rows of each table of cases."""
    parser.addoption("--sample", type=int, default=0, metavar="N", help="run at most N cases of a test that has a table of them")


def pytest_configure(config: pytest.Config) -> None:
    """Give each process of pytest-xdist the home that `make test` made for it: services of its own."""
    worker = getattr(config, "workerinput", None)
    if worker:
        home = os.environ["PARTICIPATION_TEST_HOMES"].split(os.pathsep)[int(worker["workerid"].removeprefix("gw"))]
        os.environ.update(PARTICIPATION_TEST_HOME=home, CKAN_INI=f"{home}/ckan.ini")
        config.option.ckan_ini = f"{home}/ckan.ini"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a module's tests to one process, and those of the folders named above."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return next((folder for folder in TOGETHER if module.startswith(f"{folder}/")), module)

    return ByModule(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --sample, leave most cases of a table out."""
    most = config.getoption("--sample")
    if not most:
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    # The first, the last and some between them, always the same.
    kept = {id(rows[place * (len(rows) - 1) // max(1, most - 1)]) for rows in cases.values() for place in range(min(most, len(rows)))
            } | {id(item) for rows in cases.values() if len(rows) <= most for item in rows}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


@pytest.fixture(scope="session", autouse=True)
def _all_plugins(request: pytest.FixtureRequest) -> None:
    """Load the plugins of the settings file once: a test of one plugin alone starts a process of its own.

    CKAN's pytest plugin unloads every plugin before the first test, and would load them anew for each.
    """
    if not request.config.getoption("--ckan-ini", None):
        return
    from ckan import plugins

    plugins.load_all()


@pytest.fixture
def with_plugins() -> None:
    """Every plugin is loaded all the time (CKAN's fixture of this name would unload them afterwards)."""


_TABLES: list[str] = []


@pytest.fixture
def clean_db() -> None:
    """Empty every table with one statement. CKAN's own fixture drops the plugins' tables the first time."""
    import sqlalchemy as sa
    from ckan import model
    from ckan.tests import factories

    from ckanext.participation.licensing import aliases
    from ckanext.participation.threads import kept_pages

    factories.fake.unique.clear()
    kept_pages.clear()
    aliases.forget()
    model.Session.remove()
    keep = {"alembic_version", "spatial_ref_sys"}
    with model.meta.engine.begin() as connection:
        if not _TABLES:
            _TABLES.extend(f'"{name}"' for name in sa.inspect(connection).get_table_names()
                           if name not in keep and not name.endswith("_alembic_version"))
        # To empty a table costs a new file on the disk, also when there is nothing in it: most tests write to few of the hundred.
        written = connection.scalars(sa.text(" UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in _TABLES))).all()
        if written:
            connection.execute(sa.text(f"TRUNCATE {', '.join(written)} RESTART IDENTITY CASCADE"))
    model.repo.tables_created_and_initialised = True


@pytest.fixture
def reset_db(clean_db: None) -> Callable[[], None]:
    """For CKAN's fixtures that ask for a callable: the tables are empty already."""
    return lambda: None


@pytest.fixture
def clean_index(reset_index: Callable[[], None]) -> None:
    """Empty the search of datasets, and that of what people say."""
    from ckanext.participation.search import server

    reset_index()
    if server.is_set_up():
        server.send([], everything_gone=True)
        server.commit()


@pytest.fixture
def non_clean_db() -> None:
    """The tables exist; what is in them does not matter."""


@pytest.fixture(scope="session")
def _one_app() -> list[Any]:
    return []


@pytest.fixture
def make_app(_one_app: list[Any], _all_plugins: None) -> Callable[[], Any]:
    """Give the application, made once: making it costs more than most tests."""
    from ckan.common import config
    from ckan.lib.app_globals import _CONFIG_CACHE
    from ckan.tests import helpers

    _CONFIG_CACHE.clear()
    if not _one_app:
        _one_app.append(helpers._get_test_app())
    # A test of the command line, in this process, has written its settings into the application as mere texts.
    for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE"):
        config[name] = _one_app[0].flask_app.config[name] = int(config[name])
    # A fresh client: the cookies of another test's reader would sign this one in.
    _one_app[0].client = _one_app[0].test_client()
    return lambda: _one_app[0]


@pytest.fixture
def person() -> Callable[..., dict[str, Any]]:
    """Make an account: `person()`, `person(sysadmin=True)`; gives CKAN's user dictionary with a `token`."""
    from ckan.tests import factories

    def make(*, sysadmin: bool = False, **fields: Any) -> dict[str, Any]:
        return (factories.SysadminWithToken if sysadmin else factories.UserWithToken)(**fields)

    return make


@pytest.fixture
def dataset(person: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Make a dataset in an organisation of its own: `dataset()`, `dataset(private=True)`, `dataset(staff=user)`."""
    from ckan.tests import factories

    def make(staff: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        users = [{"name": staff["name"], "capacity": "editor"}] if staff else []
        organisation = factories.Organization(users=users)
        return factories.Dataset(**{"owner_org": organisation["id"], "title_translated": {"fr": "Neige", "en": "Snow"}, **fields})

    return make


@pytest.fixture
def as_user() -> Callable[..., Any]:
    """Call an action with its auth checks as a user (a dictionary of `person`), or as nobody with None."""
    import ckan.plugins.toolkit as tk

    def call(user: dict[str, Any] | None, action: str, /, **data: Any) -> Any:
        return tk.get_action(action)({"user": user["name"] if user else "", "ignore_auth": False}, data)

    return call

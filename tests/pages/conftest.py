"""What a page cost, and what of that is the conversation's."""

from __future__ import annotations

import difflib
import json
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import sqlalchemy as sa

MEASURES = ("organisations", "assets", "views", "follows", "once", "languages", "access", "accounts", "names", "markdown", "structured",
            "words")


@dataclass
class Cost:
    """Statements of the page, statements of its conversation, requests to the search server."""

    page: list[str] = field(default_factory=list)
    conversation: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cost]:
    """Count what is asked of the database and of the search while the test runs."""
    import ckan.plugins.toolkit as tk
    from ckan import model

    counted = Cost()
    solr = tk.config["solr_url"]

    def statement(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        of_thread = any("/participation/threads/" in frame.filename for frame in traceback.extract_stack())
        (counted.conversation if of_thread else counted.page).append(" ".join(text.split()))

    send = requests.Session.send

    def sent(self: Any, request: Any, **more: Any) -> Any:
        if request.url.startswith(solr):
            counted.searches.append(request.url)
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", sent)
    engine = model.meta.engine
    sa.event.listen(engine, "before_cursor_execute", statement)
    yield counted
    sa.event.remove(engine, "before_cursor_execute", statement)


@pytest.fixture
def read(app: Any, cost: Cost) -> Callable[..., str]:
    """Read a page twice, as a reader or as nobody, and leave the cost of the second time in `cost`.

    The first visit writes when the account was last seen, and fills what a process keeps.
    """

    def get(path: str, reader: dict[str, Any] | None = None, status: int = 200) -> str:
        app.client = app.test_client()
        if reader:
            app.set_session_user(reader["id"])
        body = ""
        for _visit in range(2):
            for listed in (cost.page, cost.conversation, cost.searches):
                listed.clear()
            body = app.get(path, status=status, follow_redirects=False).body
        return body

    return get


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Turn measures off until the end of the test."""
    import ckan.plugins.toolkit as tk

    def turn_off(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(tk.config, f"participation.pages.{name}", False)

    return turn_off


@pytest.fixture
def previews() -> Iterator[None]:
    """Load a plugin that shows pictures."""
    import ckan.plugins as p

    loaded = p.plugin_loaded("image_view")
    if not loaded:
        p.load("image_view")
    yield
    if not loaded:
        p.unload("image_view")


@pytest.fixture
def staff(person: Callable[..., dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Make a member, an editor and an administrator of `roads`, and an administrator of the ministry above it."""
    return {role: person(name=f"{role}-of-roads") for role in ("member", "editor", "admin", "above")}


@pytest.fixture
def roads(staff: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Make an organisation that belongs to a ministry."""
    from ckan.tests import factories

    ministry = factories.Organization(name="ministry", users=[{"name": staff["above"]["name"], "capacity": "admin"}])
    return factories.Organization(
        name="roads", title_translated={"fr": "Voirie", "en": "Roads"}, groups=[{"name": ministry["name"], "capacity": "public"}],
        users=[{"name": staff[role]["name"], "capacity": role} for role in ("member", "editor", "admin")])


@pytest.fixture
def snow(dataset: Callable[..., dict[str, Any]], roads: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Make a dataset of `roads` with so many files: `snow(3)`, `snow(20, private=True)`."""

    def make(files: int, **more: Any) -> dict[str, Any]:
        fields = {"owner_org": roads["id"], "license_id": "cc-by", "name": f"snow-{files}", "tags": [{"name": "winter"}],
                  "notes_translated": {"fr": "La **neige** : tag:winter", "en": "The *snow*: tag:winter"},
                  "resources": [{"url": f"https://example.org/{number}.png", "format": "PNG", "name": f"File {number}"}
                                for number in range(files)]}
        return dataset(**{**fields, **more})

    return make


def difference(one: str, other: str) -> list[str]:
    """What differs between two pages, element by element."""
    lines = [re.sub(r"(?=<)", "\n", plain(page)).splitlines() for page in (one, other)]
    return [line for line in difflib.unified_diff(*lines, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]


def ordered(text: str) -> str:
    """JSON-LD without the names of its blank nodes, which are drawn by lot, and without the order that those bring about."""

    def sort(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: sort(part) for name, part in value.items()}
        return sorted(map(sort, value), key=json.dumps) if isinstance(value, list) else value

    return json.dumps(sort(json.loads(re.sub(r"_:[A-Za-z0-9]{20,}", "_:", text))))


def plain(html: str) -> str:
    """The page without what differs between any two requests: tokens, keys of forms, names of blank nodes, white space."""
    html = re.sub(r'(<meta name="_csrf_token" content=")[^"]*|(name="(?:_csrf_token|idempotency_key|key)" value=")[^"]*', r"\1\2", html)
    html = re.sub(r'(<script type="application/ld\+json">)(.*?)(</script>)', lambda found: found[1] + ordered(found[2]) + found[3], html,
                  flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r">\s+", ">", re.sub(r"\s+<", "<", html)))

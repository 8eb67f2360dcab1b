"""A harvest that changes the licence of many datasets: few mails, one answer, pages and statements that do not grow with the number.

`MANY=1000` runs it at that size and prints what it took; docs/licences.md has figures.
"""

from __future__ import annotations

import copy
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests.helpers import call_action
from harvesting.conftest import allowed, make_source, replay  # noqa: F401 (fixtures)
from letterboxes import Letterbox, a_letterbox
from statements import statements

from ckanext.participation.common import outbox
from ckanext.participation.common.model import Outbox
from ckanext.participation.harvesting.running import run
from ckanext.participation.licensing.digests import MOST_NAMED
from ckanext.participation.licensing.model import LicenceChange

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Data = dict[str, Any]
Do = Callable[..., Any]
MANY = int(os.environ.get("MANY", "25"))
EXPLAIN = "participation_licence_change_explain"


@contextmanager
def timed(what: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - begin:.2f} s")


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with a_letterbox() as box:
        yield box


@pytest.fixture
def harvested(allowed: Any, make_source: Do, person: Do, make_app: Any) -> Data:  # noqa: F811 (fixtures)
    """Many datasets of one organisation whose source put all of them under a narrower licence, with a reader who follows every one."""
    records = allowed.csa.datasets
    pattern = next(iter(records.values()))
    records.clear()
    for number in range(MANY):
        record = {**copy.deepcopy(pattern), "id": str(uuid.uuid4()), "name": f"snow-{number:04}"}
        record["resources"] = [{**file, "id": str(uuid.uuid4()), "package_id": record["id"]} for file in record["resources"][:2]]
        records[record["name"]] = record
    staff, reader = person(email="staff@agency.example"), person(email="reader@home.example")
    with make_app().flask_app.test_request_context():
        source = make_source("csa")
        with timed(f"first harvest of {MANY}"):
            assert run(source["id"]).counts == {"added": MANY}
        call_action("organization_member_create", id=source["owner_org"], username=staff["name"], role="editor")
        for identifier in model.Session.scalars(sa.select(model.Package.id).where(model.Package.type == "dataset")):
            tk.get_action("follow_dataset")({"user": reader["name"]}, {"id": identifier})
        for record in records.values():
            record["license_id"] = "cc-by-nc-4.0"
            record["metadata_modified"] = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
            record.pop("license_title", None)
            record.pop("license_url", None)
        with timed(f"harvest that changes {MANY} licences"):
            assert run(source["id"]).counts == {"updated": MANY}
        name = model.Group.get(source["owner_org"]).name  # type: ignore[union-attr]
    return {"staff": staff, "reader": reader, "organization": source["owner_org"], "name": name}


def send_what_waits(what: str) -> None:
    """Have the outbox do what is due now, and what the gathered mails wait for."""
    with timed(f"announcing: {what}"):
        outbox.drain()
    model.Session.execute(sa.update(Outbox).where(Outbox.done_at.is_(None)).values(not_before=sa.func.now()))
    model.Session.commit()
    with timed(f"sending: {what}"):
        outbox.drain()


def test_many_changes_are_few_mails_one_answer_and_small_pages(
        harvested: Data, letterbox: Letterbox, app: Any, make_app: Any) -> None:
    staff = harvested["staff"]
    with make_app().flask_app.test_request_context():
        assert model.Session.scalar(sa.select(sa.func.count()).where(LicenceChange.state == "open")) == MANY
        letterbox.refuse = "451 try later"
        send_what_waits("changed, in vain")
        owed = sa.select(Outbox.attempts).where(Outbox.kind == "mail", Outbox.recipient == harvested["reader"]["id"], Outbox.done_at.is_(None))
        assert list(model.Session.scalars(owed)) == [1] * MANY
        letterbox.refuse = ""
        send_what_waits("changed")
    # One to the reader who follows all of them, one to the only one who speaks for the organisation.
    assert Counter(letter["To"].split("<")[1] for letter in letterbox.letters) == {"reader@home.example>": 1, "staff@agency.example>": 1}
    texts = {letter["To"].split("<")[1]: letter.get_payload(decode=True).decode() for letter in letterbox.letters}
    assert f"{MANY} datasets were under “Open Government Licence" in texts["reader@home.example>"]
    assert f"and {MANY - MOST_NAMED} more" in texts["reader@home.example>"]
    assert f"wait for a word: {MANY}" in texts["staff@agency.example>"]

    app.set_session_user(staff["id"])
    address = f"/participation/organization/{harvested['name']}/licence-changes"
    app.get(address)
    with statements() as few, timed("the page of what waits"):
        page = BeautifulSoup(app.get(address).body, "html.parser")
    assert len(page.select("section.pt-licence-change")) == 20
    assert page.select_one("a[rel=next]") is not None
    link = page.select_one("a[href*='alike=1']")
    assert link is not None
    assert f"Say why for all {MANY:,}" in link.get_text()
    form = BeautifulSoup(app.get(link["href"]).body, "html.parser")
    assert form.select_one("input#field-alike").has_attr("checked")  # type: ignore[union-attr]
    assert f"the {MANY - 1:,} other changes" in form.get_text()
    token = form.select_one("input[name=_csrf_token]")["value"]  # type: ignore[index]

    letterbox.letters.clear()
    words = {"reason": "The photographs belong to their authors.", "lang": "en", "alike": "true", "_csrf_token": token}
    with statements() as seen, timed(f"one word for {MANY}"):
        done = app.post(link["href"].partition("?")[0], data=words, follow_redirects=False)
    assert done.status_code == 302
    assert done.location.endswith(address)
    assert len([text for text in seen if text.startswith(("UPDATE participation", "INSERT", "    WITH", "\n    WITH"))]) <= 4
    assert "Nothing waits" in app.get(address).body
    with make_app().flask_app.test_request_context():
        send_what_waits("explained")
    assert [letter["To"].split("<")[1] for letter in letterbox.letters] == ["reader@home.example>"]
    told = letterbox.letters[0].get_payload(decode=True).decode()
    assert told.count("The photographs belong to their authors.") == 2
    print(f"statements: page {len(few)}, one word {len(seen)}")
    assert len(few) <= 60
    assert len(seen) <= 60

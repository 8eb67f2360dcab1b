"""Conversations as CSV and JSON files: whole, not sent twice, and inert in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from threads.exports.conftest import file_of

from ckanext.participation.common import export_files
from ckanext.participation.threads import exports

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context"),
              pytest.mark.ckan_config("participation.limits.posts_per_minute", 1000)]

Make = Callable[..., Any]


def cells(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.body.removeprefix("\ufeff"), newline="")))


# The files


def test_both_files_hold_the_same_records(app: Any, person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    asker, about = person(), dataset()
    for number in range(3):
        thread = ask(asker, about, title=f"Été {number}, « neige »", body='Two\nlines, "quoted"; and so on')
        as_user(asker, "participation_comment_create", thread_id=thread["id"], body="x")
    records = export(None, about["id"])
    as_json = file_of(app, f"/participation/dataset/{about['name']}/threads.json")
    as_csv = file_of(app, f"/participation/dataset/{about['name']}/threads.csv")
    assert json.loads(as_json.body) == records
    assert as_csv.body.startswith("\ufeff")
    assert as_csv.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert [{name: export_files.inert(record[name]) for name in exports.FIELDS} for record in records] == cells(as_csv)
    assert as_csv.headers["Content-Disposition"] == f'attachment; filename="conversations-{about["name"]}.csv"'


def test_a_file_of_many_pages_is_whole(
        app: Any, person: Make, dataset: Make, ask: Make, as_user: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST", 3)
    asker, about = person(), dataset()
    for _ in range(4):
        thread = ask(asker, about)
        as_user(asker, "participation_comment_create", thread_id=thread["id"], body="x")
    for suffix, read in (("json", lambda response: json.loads(response.body)), ("csv", cells)):
        response = file_of(app, f"/participation/dataset/{about['name']}/threads.{suffix}")
        assert [(int(row["thread"]), int(row["message"])) for row in read(response)] == [(t, m) for t in range(1, 5) for m in (1, 2)]


def test_a_dataset_nobody_talked_about_gives_empty_files(app: Any, dataset: Make) -> None:
    about = dataset()
    assert json.loads(file_of(app, f"/participation/dataset/{about['name']}/threads.json").body) == []
    assert cells(file_of(app, f"/participation/dataset/{about['name']}/threads.csv")) == []


def test_private_files_are_not_found_by_others(app: Any, person: Make, dataset: Make, ask: Make) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    ask(staff, about)
    for suffix in ("csv", "json"):
        address = f"/participation/dataset/{about['name']}/threads.{suffix}"
        assert file_of(app, address, status=404).status_code == 404
        assert file_of(app, address, person(), status=404).status_code == 404
        assert "Why?" in file_of(app, address, staff).body
    file_of(app, "/participation/planet/x/threads.csv", status=400)


def test_a_file_that_did_not_change_is_not_sent_again(app: Any, person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker, about = person(), dataset()
    thread = ask(asker, about)
    address = f"/participation/dataset/{about['name']}/threads.json"
    mark = file_of(app, address).headers["ETag"]
    assert file_of(app, address, headers={"If-None-Match": mark}, status=304).body == ""
    assert file_of(app, address.replace("json", "csv"), headers={"If-None-Match": mark}).status_code == 200
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body="x")
    response = file_of(app, address, headers={"If-None-Match": mark})
    assert response.status_code == 200
    assert response.headers["ETag"] != mark
    assert "public" not in response.headers["Cache-Control"]


def test_a_known_mark_opens_no_private_file(app: Any, person: Make, dataset: Make, ask: Make) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    ask(staff, about)
    address = f"/participation/dataset/{about['name']}/threads.json"
    mark = file_of(app, address, staff).headers["ETag"]
    assert file_of(app, address, headers={"If-None-Match": mark}, status=404).status_code == 404


@pytest.mark.ckan_config("participation.exports.licence", "https://licence.example/by")
def test_the_licence_of_an_export_is_said_in_its_header(app: Any, dataset: Make) -> None:
    response = file_of(app, f"/participation/dataset/{dataset()['name']}/threads.json")
    assert response.headers["Link"] == '<https://licence.example/by>; rel="license"'


# B17: what a spreadsheet, a header or a page would run

def test_formulas_that_people_post_are_inert_in_the_file(app: Any, person: Make, dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(person(fullname="=HYPERLINK(\"https://evil.example\")"), about, title="=1+1", body="=cmd|' /C calc'!A0")
    row = cells(file_of(app, f"/participation/dataset/{about['name']}/threads.csv"))[0]
    assert [row[name][0] for name in ("title", "text", "author")] == ["'"] * 3
    record = json.loads(file_of(app, f"/participation/dataset/{about['name']}/threads.json").body)[0]
    assert (record["title"], record["text"]) == ("=1+1", "=cmd|' /C calc'!A0"), "the JSON is exact"

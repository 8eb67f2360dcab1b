"""The whole catalogue's files as a harvester asks for them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from ckanext.participation.harvesting.offering import building, files

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def feeds_folder(tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(ckan_config, "participation.offering.folder", str(tmp_path / "feeds"))
    return tmp_path / "feeds"


@pytest.fixture
def built(dataset: Make) -> files.Current:
    dataset(title_translated={"fr": "Neige", "en": "Snow"})
    current = building.build(processes=1).current
    assert current is not None
    return current


@pytest.mark.parametrize("name", files.FEEDS)
def test_before_the_first_build_a_harvester_is_told_to_come_back(app: Any, name: str) -> None:
    reply = app.get(f"/{name}", status=503)
    assert int(reply.headers["Retry-After"]) > 0
    assert "being prepared" in reply.body
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert list(files.folder().glob("data-*")) == []


@pytest.mark.parametrize("name", files.FEEDS)
def test_who_accepts_gzip_gets_the_file_as_it_lies(app: Any, built: files.Current, name: str) -> None:
    plain = app.get(f"/{name}")
    packed = app.get(f"/{name}", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert (int(packed.headers["Content-Length"]), int(plain.headers["Content-Length"])) == (built.feeds[name].packed, built.feeds[name].size)
    assert len(plain.data) == built.feeds[name].size
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert plain.headers["ETag"] != packed.headers["ETag"]
    refused = app.get(f"/{name}", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_each_feed_says_what_it_is_and_names_the_others(app: Any, built: files.Current) -> None:
    assert json.loads(app.get("/data.json").body)["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    assert len(Graph().parse(data=app.get("/data.ttl").body, format="turtle")) > 5
    kinds = {name: app.get(f"/{name}").headers["Content-Type"] for name in files.FEEDS}
    assert kinds == {"data.json": "application/json", "data.ttl": "text/turtle; charset=utf-8", "data.jsonld": "application/ld+json"}
    links = app.get("/data.json").headers["Link"]
    assert "/data.ttl>; rel=\"alternate\"; type=\"text/turtle\"" in links
    assert "/data.jsonld>" in links
    assert "/data.json>" not in links


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_who_has_it_already_gets_304_without_a_body(app: Any, built: files.Current, encoding: str) -> None:
    asked = {"Accept-Encoding": encoding}
    first = app.get("/data.json", headers=asked)
    for more in ({"If-None-Match": first.headers["ETag"]}, {"If-None-Match": f'W/{first.headers["ETag"]}, "other"'},
                 {"If-Modified-Since": first.headers["Last-Modified"]}):
        reply = app.get("/data.json", headers={**asked, **more}, status=304)
        assert reply.data == b""
        assert reply.headers["ETag"] == first.headers["ETag"]
    assert app.get("/data.json", headers={**asked, "If-None-Match": '"other"', "If-Modified-Since": first.headers["Last-Modified"]}).data
    assert app.get("/data.json", headers={**asked, "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}).data


def test_a_change_gives_another_etag(app: Any, built: files.Current, dataset: Make) -> None:
    before = app.get("/data.json").headers["ETag"]
    dataset()
    building.build(processes=1)
    after = app.get("/data.json", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.headers["ETag"] != before


@pytest.mark.parametrize("name", files.FEEDS)
def test_head_says_everything_but_the_content(app: Any, built: files.Current, name: str) -> None:
    reply, whole = app.client.head(f"/{name}"), app.get(f"/{name}")
    assert reply.data == b""
    for header in ("ETag", "Last-Modified", "Content-Length", "Content-Type", "Link"):
        assert reply.headers[header] == whole.headers[header]


def test_a_cache_may_keep_it_and_no_cookie_comes_with_it(app: Any, built: files.Current, person: Make) -> None:
    reply = app.get("/data.json")
    assert "public" in reply.headers["Cache-Control"]
    assert "Set-Cookie" not in reply.headers
    signed_in = app.get("/data.json", headers={"Authorization": person(sysadmin=True)["token"]})
    assert signed_in.data == reply.data


def test_a_request_never_builds(app: Any, built: files.Current, dataset: Make) -> None:
    dataset(title_translated={"en": "Not yet"})
    assert "Not yet" not in app.get("/data.json").body


def test_the_pages_name_the_feeds(app: Any, built: files.Current) -> None:
    for page in ("/", "/dataset/", "/fr/"):
        assert '<link rel="alternate" type="text/turtle"' in app.get(page).body, page
        assert "/data.json" in app.get(page).body
    about = app.get("/about").body
    for name in files.FEEDS:
        assert f'/{name}"' in about


@pytest.mark.parametrize("path", ["/catalog.ttl", "/catalog.jsonld"])
def test_the_paged_catalogue_of_ckanext_dcat_is_still_there(app: Any, built: files.Current, path: str) -> None:
    assert app.get(path).status_code == 200


def test_a_build_that_ends_while_a_harvester_reads_breaks_nothing(app: Any, built: files.Current, dataset: Make) -> None:
    before = app.get("/data.json").data
    found = files.opened("data.json")
    assert found is not None
    with found[1] as handle:
        dataset(title_translated={"fr": "Glace", "en": "Ice"})
        building.build(processes=1)
        assert b"".join(files.unpacked(handle)) == before
    after = app.get("/data.json").data
    assert b"Ice" in after
    assert b"Ice" not in before

"""Looking at what a source would bring before it is added: on real HTTP, Redis and the job worker's own way of reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories
from ckan.tests.helpers import call_action

from ckanext.participation.common.translations import translator
from ckanext.participation.harvesting import detection, previews, sentences
from ckanext.participation.harvesting.rules import flaws_of

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_previews() -> None:
    redis = connect_to_redis()
    for key in redis.scan_iter("participation:harvest-preview*"):
        redis.delete(key)
    jobs.get_queue().empty()


@pytest.fixture
def publisher(person: Make) -> dict[str, Any]:
    """An editor of the organisation `snow-city`."""
    editor = person()
    factories.Organization(name="snow-city", users=[{"name": editor["name"], "capacity": "editor"}])
    return editor


def look(as_user: Make, who: dict[str, Any], url: str, **more: Any) -> dict[str, Any]:
    """Ask for a preview, read it as the worker does, and show it."""
    made = as_user(who, "participation_harvest_preview_create", url=url, owner_org="snow-city", **more)
    previews.read(made["id"])
    return as_user(who, "participation_harvest_preview_show", id=made["id"])


def written() -> int:
    return model.Session.query(model.Package).count()


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize(("typed", "source_type", "url"), [
    ("/csa", detection.CKAN, "/csa"),
    ("/csa/fr/dataset/anything?page=2", detection.CKAN, "/csa"),
    ("/csa/api/3/action/package_search?q=x", detection.CKAN, "/csa"),
    ("/us/data.json", detection.DCAT, "/us/data.json"),
    ("/us/data.json#top", detection.DCAT, "/us/data.json"),
])
def test_what_a_person_typed_leads_to_the_catalogue(allowed: Any, typed: str, source_type: str, url: str) -> None:
    found = detection.detect(allowed.url(typed))
    assert (found.source_type, found.url) == (source_type, allowed.url(url))


def test_an_address_without_a_catalogue_says_what_it_is_and_what_was_asked(allowed: Any) -> None:
    allowed.fail("/nothing", status=200, body=b"<html><body>Hello</body></html>", content_type="text/html")
    with pytest.raises(detection.NotFound) as refused:
        detection.detect(allowed.url("/nothing"))
    assert refused.value.sentence == "This is a web page, not a catalogue. Give the address of the catalogue's file itself."
    assert refused.value.asked[0] == allowed.url("/nothing")
    assert allowed.url("/data.json") in refused.value.asked


def test_a_page_that_names_its_catalogue_is_followed(allowed: Any) -> None:
    page = b'<html><head><link rel="alternate" type="text/turtle" href="/feed.ttl"></head></html>'
    allowed.fail("/portal", status=200, body=page, content_type="text/html")
    feed = b"@prefix dcat: <http://www.w3.org/ns/dcat#> . <http://example.org/1> a dcat:Dataset ."
    allowed.fail("/feed.ttl", status=200, body=feed, content_type="text/turtle")
    assert detection.detect(allowed.url("/portal")).url == allowed.url("/feed.ttl")


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("path", ["/csa", "/us/data.json", "/psdi/catalog.rdf"])
def test_the_first_twenty_are_shown_beside_what_the_source_said_and_nothing_is_written(
    allowed: Any, as_user: Make, publisher: dict[str, Any], path: str
) -> None:
    before = written()
    found = look(as_user, publisher, allowed.url(path))
    assert (found["state"], found["problem"]) == ("done", "")
    assert (len(found["sample"]["records"]), found["sample"]["more"]) == (20, True)
    for record in found["sample"]["records"]:
        assert record["problem"] or record["dataset"]["title_translated"]
        assert record["raw"]
    assert written() == before
    assert not any(one["name"].startswith("csa") for one in call_action("organization_list", all_fields=True) if one["name"] != "snow-city")


@pytest.mark.usefixtures("with_request_context")
def test_the_job_worker_reads_it(allowed: Any, as_user: Make, publisher: dict[str, Any]) -> None:
    made = as_user(publisher, "participation_harvest_preview_create", url=allowed.url("/us/data.json"), owner_org="snow-city")
    assert made["state"] == "waiting"
    job = jobs.get_queue().jobs[-1]
    assert (job.func_name, job.args[0]) == ("ckanext.participation.harvesting.previews.read", made["id"])
    job.func(*job.args)
    assert as_user(publisher, "participation_harvest_preview_show", id=made["id"])["state"] == "done"


@pytest.mark.usefixtures("with_request_context")
def test_the_same_question_twice_is_read_once_and_a_fourth_waits(allowed: Any, as_user: Make, publisher: dict[str, Any]) -> None:
    def ask(path: str) -> str:
        return as_user(publisher, "participation_harvest_preview_create", url=allowed.url(path), owner_org="snow-city")["id"]

    first = ask("/csa")
    assert ask("/csa") == first
    assert len({first, ask("/us/data.json"), ask("/psdi/catalog.rdf")}) == 3
    with pytest.raises(tk.ValidationError) as refused:
        ask("/another")
    assert "limit" in refused.value.error_dict
    assert len(jobs.get_queue().jobs) == 3


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize(("field", "value"), [
    ("url", ""), ("url", "ftp://example.org/x"), ("url", "java script:x"), ("url", "http://a b"), ("url", "\x00"), ("url", "x" * 3000),
    ("source_type", "waf"), ("config", "{"), ("config", '{"colour": "red"}'), ("url", ["x"]), ("url", "http://[::1"),
])
def test_bad_input_is_named(as_user: Make, publisher: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        as_user(publisher, "participation_harvest_preview_create", **{"url": "https://example.org", "owner_org": "snow-city", field: value})
    assert set(refused.value.error_dict) == {field}


@pytest.mark.usefixtures("with_request_context")
def test_only_those_who_publish_for_the_organisation_may_look_and_only_they_see_it(
    allowed: Any, as_user: Make, person: Make, publisher: dict[str, Any]
) -> None:
    stranger = person()
    with pytest.raises(tk.NotAuthorized):
        as_user(stranger, "participation_harvest_preview_create", url=allowed.url("/csa"), owner_org="snow-city")
    made = as_user(publisher, "participation_harvest_preview_create", url=allowed.url("/csa"), owner_org="snow-city")
    for action in ("show", "accept"):
        with pytest.raises(tk.ObjectNotFound):
            as_user(stranger, f"participation_harvest_preview_{action}", id=made["id"], title="Mine")


@pytest.mark.usefixtures("with_request_context")
def test_an_address_inside_the_network_is_refused(as_user: Make, publisher: dict[str, Any]) -> None:
    found = look(as_user, publisher, "http://127.0.0.1:1/data.json")
    assert (found["state"], found["problem"]) == ("failed", "The address is not a public web address, so it was not asked.")


@pytest.mark.usefixtures("with_request_context")
def test_a_key_in_the_configuration_is_never_shown(allowed: Any, as_user: Make, publisher: dict[str, Any]) -> None:
    found = look(as_user, publisher, allowed.url("/csa"), config='{"api_key": "secret-key"}')
    assert found["state"] == "done"
    assert "secret-key" not in str(found)


@pytest.mark.usefixtures("with_request_context")
def test_a_preview_whose_worker_was_killed_says_so(allowed: Any, as_user: Make, publisher: dict[str, Any], monkeypatch: Any) -> None:
    made = as_user(publisher, "participation_harvest_preview_create", url=allowed.url("/csa"), owner_org="snow-city")
    monkeypatch.setattr(previews, "SILENT", -1)
    found = as_user(publisher, "participation_harvest_preview_show", id=made["id"])
    assert (found["state"], found["problem"]) == ("failed", previews.BROKE_OFF)


@pytest.mark.usefixtures("with_request_context")
def test_one_that_was_looked_at_is_added_once_and_its_harvest_asked_for(allowed: Any, as_user: Make, publisher: dict[str, Any]) -> None:
    found = look(as_user, publisher, allowed.url("/us/data.json"))
    made = as_user(publisher, "participation_harvest_preview_accept", id=found["id"], title="Agencies’ data", frequency="DAILY")
    source = call_action("harvest_source_show", id=made["id"])
    assert (source["title"], source["frequency"], source["source_type"]) == ("Agencies’ data", "DAILY", "participation_dcat")
    assert source["url"] == allowed.url("/us/data.json")
    assert source["status"]["last_job"]["id"] == made["job"]
    again = as_user(publisher, "participation_harvest_preview_accept", id=found["id"], title="Agencies’ data")
    assert again == {"id": made["id"], "name": made["name"], "job": None}
    other = look(as_user, publisher, allowed.url("/us/data.json"))
    with pytest.raises(tk.ValidationError) as refused:
        as_user(publisher, "participation_harvest_preview_accept", id=other["id"], title="Again")
    assert "url" in refused.value.error_dict


@pytest.mark.usefixtures("with_request_context")
def test_what_was_not_read_yet_cannot_be_added(allowed: Any, as_user: Make, publisher: dict[str, Any]) -> None:
    made = as_user(publisher, "participation_harvest_preview_create", url=allowed.url("/csa"), owner_org="snow-city")
    with pytest.raises(tk.ValidationError) as refused:
        as_user(publisher, "participation_harvest_preview_accept", id=made["id"], title="Soon")
    assert "id" in refused.value.error_dict


def test_the_summary_counts_what_an_agency_would_mend() -> None:
    good = {"title_translated": {"en": "A", "fr": "B"}, "notes_translated": {"en": "C"}, "license_id": "CC0-1.0", "resources": [{}]}
    rows = [{"problem": "", "notes": [], "dataset": good}, {"problem": "", "notes": ["x"], "dataset": {"title_translated": {"en": "A"}}},
            {"problem": "No title.", "notes": [], "dataset": {}}]
    assert flaws_of({"records": rows}) == {"records": 3, "readable": 2, "with_notes": 1, "unlicensed": 1, "one_language": 1,
                                             "without_description": 1, "without_files": 1}


class TestPages:
    """The three steps as somebody with a browser and no scripts takes them."""

    @pytest.fixture
    def signed_in(self, app: Any, publisher: dict[str, Any], allowed: Any) -> dict[str, str]:
        return {"Authorization": publisher["token"]}

    def test_from_the_address_to_the_source(self, app: Any, allowed: Any, signed_in: dict[str, str]) -> None:
        shown = BeautifulSoup(app.get("/participation/harvest/new", headers=signed_in).body, "html.parser")
        assert [option["value"] for option in shown.find(id="field-owner_org").find_all("option")] == ["snow-city"]
        sent = app.post("/participation/harvest/new", headers=signed_in, follow_redirects=False,
                        data={"url": allowed.url("/us/data.json"), "owner_org": "snow-city"})
        where = sent.headers["Location"]
        assert "The source is asked in a moment" in app.get(where, headers=signed_in).body
        previews.read(where.rpartition("/")[2])
        shown = BeautifulSoup(app.get(where, headers=signed_in).body, "html.parser")
        assert len(shown.find_all(class_="pt-sampled")) == 20
        refused = app.post(where, headers=signed_in, data={"title": " ", "frequency": "DAILY"}, status=409)
        assert BeautifulSoup(refused.body, "html.parser").find(id="field-title-error")
        done = app.post(where, headers=signed_in, data={"title": "Agencies", "frequency": "DAILY"}, follow_redirects=False)
        assert done.headers["Location"].endswith("/participation/harvest/sources/agencies")

    def test_a_wrong_address_comes_back_with_the_reason_and_what_was_typed(self, app: Any, signed_in: dict[str, str]) -> None:
        sent = app.post("/participation/harvest/new", headers=signed_in, status=409,
                        data={"url": "ftp://example.org", "owner_org": "snow-city"})
        shown = BeautifulSoup(sent.body, "html.parser")
        assert shown.find(id="field-url")["value"] == "ftp://example.org"
        assert shown.find(id="field-url-error")

    def test_a_wrong_configuration_is_told_in_the_readers_language(self, app: Any, signed_in: dict[str, str]) -> None:
        said = {}
        for path in ("", "/fr"):
            sent = app.post(f"{path}/participation/harvest/new", headers=signed_in, status=409, data={
                "url": "https://data.example.org", "owner_org": "snow-city", "config": '{"remove_up_to": 101}'})
            said[path] = BeautifulSoup(sent.body, "html.parser").find(id="field-config-error").get_text(" ", strip=True)
        assert "remove_up_to must be a whole number from 0 to 100." in said[""]
        assert translator("fr")(sentences.NO_PERCENT.text).format(key="remove_up_to") in said["/fr"]

    def test_staff_finds_the_sources_on_the_organisations_page(self, app: Any, allowed: Any, signed_in: dict[str, str]) -> None:
        page = "/organization/snow-city"
        shown = BeautifulSoup(app.get(page, headers=signed_in).body, "html.parser").select_one("section[aria-labelledby=harvest-sources-title]")
        assert shown is not None
        assert shown.find("a", href="/participation/harvest/new?organization=snow-city")
        sent = app.post("/participation/harvest/new", headers=signed_in, follow_redirects=False,
                        data={"url": allowed.url("/us/data.json"), "owner_org": "snow-city"}).headers["Location"]
        previews.read(sent.rpartition("/")[2])
        app.post(sent, headers=signed_in, data={"title": "Agencies", "frequency": "DAILY"}, follow_redirects=False)
        assert 'href="/participation/harvest/sources/agencies"' in app.get(page, headers=signed_in).body
        app.client = app.test_client()
        assert "harvest-sources-title" not in app.get(page).body

    def test_the_list_of_sources_leads_to_the_same_form(self, app: Any, signed_in: dict[str, str]) -> None:
        shown = BeautifulSoup(app.get("/harvest", headers=signed_in).body, "html.parser")
        assert shown.find("a", href="/participation/harvest/new")
        assert not shown.find("a", href="/harvest/new")

    def test_somebody_who_is_not_signed_in_is_asked_to(self, app: Any) -> None:
        app.client = app.test_client()
        app.get("/participation/harvest/new", status=401)
